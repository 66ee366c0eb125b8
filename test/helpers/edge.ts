import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { encodingFor, headersOfCompressed } from '../../quality/edge/compression'
import { createApp } from '../../src/app'

export type Route = (request: Request) => Promise<Response>

export const direct: Route = (request) => exports.default.fetch(request)

/** Without the Worker, which finishes the body once it has the response: to see what the application reads of it. */
export const toApplication: Route = async (request) => createApp().fetch(request, env, createExecutionContext())

/** As a client sends that accepts gzip only. The bytes stay uncompressed, because clients decompress them. */
export const throughEdge: Route = async (request) => {
  const response = await direct(request)
  const bytes = await response.arrayBuffer()
  const headers = new Headers(response.headers)
  const { status } = response
  const encoding = encodingFor('gzip', { status, header: (name) => headers.get(name), bytes: bytes.byteLength })
  if (encoding !== null) change(headers, headersOfCompressed(encoding, headers.get('ETag')))
  headers.delete('Content-Encoding')
  return new Response(bytes.byteLength === 0 ? null : bytes, { status, headers })
}

function change(headers: Headers, changes: Record<string, string | null>): void {
  for (const [name, value] of Object.entries(changes))
    if (value === null) headers.delete(name)
    else headers.set(name, value)
}

/** For `describe.each`: everything with entity tags must work on both routes. */
export const ROUTES: [name: string, route: Route][] = [
  ['directly', direct],
  ['through an edge that compresses', throughEdge],
]
