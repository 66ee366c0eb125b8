import { createExecutionContext } from 'cloudflare:test'
import { env, exports } from 'cloudflare:workers'
import { createApp } from '../../src/app'

export type Route = (request: Request) => Promise<Response>

export const direct: Route = (request) => exports.default.fetch(request)

/** Without the Worker, which finishes the body once it has the response: to see what the application reads of it. */
export const toApplication: Route = async (request) => createApp().fetch(request, env, createExecutionContext())

/** Cloudflare compresses JSON and texts from this size on. */
const SMALLEST_COMPRESSED = 48
const COMPRESSIBLE = /^(application\/(json|x-ndjson)|text\/)/

/**
 * Like Cloudflare with `Accept-Encoding: gzip`: compressed responses get a weak entity tag and lose `Content-Length`.
 * The bytes stay uncompressed, because clients decompress them.
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
  const isUncompressed = headers.get('Cache-Control')?.includes('no-transform') || headers.has('Content-Encoding')
  return size >= SMALLEST_COMPRESSED && COMPRESSIBLE.test(type) && !isUncompressed
}

/** For `describe.each`: everything with entity tags must work on both routes. */
export const ROUTES: [name: string, route: Route][] = [
  ['directly', direct],
  ['through an edge that compresses', throughEdge],
]
