import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { createApp } from '../../src/app'

/** How a request reaches the Worker. */
export type Route = (request: Request) => Promise<Response>

export const direct: Route = (request) => exports.default.fetch(request)

/** Without the Worker, which finishes the body once it has the response: to see what the application reads of it. */
export const toApplication: Route = async (request) => createApp().fetch(request, env, createExecutionContext())

/** Cloudflare compresses JSON and texts from this size on. */
const SMALLEST_COMPRESSED = 48
const COMPRESSIBLE = /^(application\/(json|x-ndjson)|text\/)/

/**
 * As through Cloudflare's edge with `Accept-Encoding: gzip`: a response that it compresses gets a weak entity tag and
 * loses its `Content-Length`. The bytes are as they were sent, because clients decompress them.
 */
export const throughEdge: Route = async (request) => {
  const response = await direct(request)
  const bytes = await response.arrayBuffer()
  const headers = new Headers(response.headers)
  if (isCompressed(headers, bytes.byteLength)) {
    const tag = headers.get('ETag')
    if (tag?.startsWith('"')) headers.set('ETag', `W/${tag}`)
    headers.delete('Content-Length')
  }
  return new Response(bytes.byteLength === 0 ? null : bytes, { status: response.status, headers })
}

function isCompressed(headers: Headers, size: number): boolean {
  const type = headers.get('Content-Type') ?? ''
  const isKeptAsIs = headers.get('Cache-Control')?.includes('no-transform') || headers.has('Content-Encoding')
  return size >= SMALLEST_COMPRESSED && COMPRESSIBLE.test(type) && !isKeptAsIs
}

/** For `describe.each`: whatever uses entity tags must work along each of them. */
export const ROUTES: [name: string, route: Route][] = [
  ['directly', direct],
  ['through an edge that compresses', throughEdge],
]
