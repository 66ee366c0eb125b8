import { rangeNotSatisfiable } from '../core/errors'
import { type ByteRange, parseRange } from '../http/byte-ranges'
import { matchesIfNoneMatch } from '../http/etag'
import { SECOND } from '../lib/time'
import type { AttachmentRow } from './service'

/** Types that a browser may display; all others are downloaded. */
const INLINE = new Map([
  ['image/png', 'image/png'],
  ['image/jpeg', 'image/jpeg'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
  ['application/pdf', 'application/pdf'],
  ['text/plain', 'text/plain; charset=utf-8'],
])

const OTHER = 'application/octet-stream'

/** All media types of responses with a file. */
export const FILE_TYPES = [...INLINE.keys(), OTHER]

interface FileRequest {
  method: string
  header(name: string): string | undefined
}

type FileResponse = { headers: Record<string, string> } & (
  | { status: 200 | 206; bytes: ByteRange }
  | { status: 200 | 304; bytes: null }
)

/**
 * The status, headers and byte range of the response. The browser may cache it until the URL expires (`expires`: Unix
 * seconds). Throws 416.
 */
export function fileResponse(request: FileRequest, row: AttachmentRow, expires: number, now: number): FileResponse {
  const etag = `"${row.sha256}"`
  const modified = new Date(row.created_at).toUTCString()
  const cacheHeaders = {
    ETag: etag,
    'Last-Modified': modified,
    // Cloudflare would compress texts, drop `Content-Length` and weaken the tag, so that no download could be resumed.
    'Cache-Control': `private, max-age=${Math.max(0, Math.floor(expires - now / SECOND))}, no-transform`,
    'Accept-Ranges': 'bytes',
    // A 304 replaces the headers that the browser has cached, so it needs this one too.
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  }
  if (matchesIfNoneMatch(request.header('If-None-Match'), etag))
    return { status: 304, headers: cacheHeaders, bytes: null }
  const headers = { ...cacheHeaders, ...contentHeaders(row) }
  if (request.method === 'HEAD')
    return { status: 200, headers: { ...headers, 'Content-Length': String(row.size) }, bytes: null }
  const condition = request.header('If-Range')
  const isFresh = condition === undefined || condition === etag || condition === modified
  const range = isFresh ? parseRange(request.header('Range'), row.size) : null
  if (range === 'unsatisfiable') throw rangeNotSatisfiable(row.size)
  const bytes = range ?? { offset: 0, length: row.size }
  const length = { 'Content-Length': String(bytes.length) }
  if (range === null) return { status: 200, headers: { ...headers, ...length }, bytes }
  const last = range.offset + range.length - 1
  const contentRange = { 'Content-Range': `bytes ${range.offset}-${last}/${row.size}` }
  return { status: 206, headers: { ...headers, ...length, ...contentRange }, bytes }
}

function contentHeaders(row: AttachmentRow): Record<string, string> {
  const inline = INLINE.get(row.mime_type.toLowerCase())
  const ascii = row.filename.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(row.filename).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return {
    'Content-Type': inline ?? OTHER,
    'Content-Disposition': `${inline ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'X-Content-Type-Options': 'nosniff',
  }
}
