import type { MiddlewareHandler } from 'hono'
import { fileTypeRequired, lengthRequired, payloadTooLarge, unsupportedEncoding } from '../../core/errors'
import { isMatch } from '../../lib/text'
import { MAX_MEDIA_TYPE, MEDIA_TYPE_PATTERN } from '../schemas/patterns'

/** Cloudflare accepts requests of 100 MB in all. */
export const MAX_RAW_BYTES = 95 * 1024 * 1024

/** With parameters. */
export const MAX_CONTENT_TYPE = 255

const MEDIA_TYPE = new RegExp(MEDIA_TYPE_PATTERN)

/** Forms, which contain the file among other fields, and curl's default type of a body. */
const FORM = /^(multipart\/.*|application\/x-www-form-urlencoded)$/i

export interface RawBody {
  /** `type/subtype`, as it was sent. */
  type: string
  /** By `Content-Length`, in bytes. */
  length: number
  /** Null for an empty body. */
  bytes: ReadableStream<Uint8Array> | null
}

/** Without parameters. */
export function isMediaType(text: string): boolean {
  return isMatch(text, MEDIA_TYPE, MAX_MEDIA_TYPE)
}

/** Throws 415 for a compressed body: nothing decompresses it. */
export function rejectEncoded(headers: Headers): void {
  if (!isMatch(headers.get('Content-Encoding') ?? '', /^(identity)?$/i, 'identity'.length)) throw unsupportedEncoding()
}

/**
 * Throws 415 without a valid media type, for the type of a form and for a compressed body, 413 for more than 95 MiB, 411 without
 * a length.
 */
export function rawBodyOf(request: Request): RawBody {
  const [mediaType = ''] = (request.headers.get('Content-Type') ?? '').split(';')
  const type = mediaType.trim()
  if (!isMediaType(type) || FORM.test(type)) throw fileTypeRequired()
  rejectEncoded(request.headers)
  const length = request.headers.get('Content-Length') ?? ''
  if (!isMatch(length, /^\d{1,15}$/, 15)) throw lengthRequired()
  if (Number(length) > MAX_RAW_BYTES) throw payloadTooLarge('95 MiB')
  return { type, length: Number(length), bytes: request.body }
}

export const rawBody: MiddlewareHandler = async (c, next) => {
  rawBodyOf(c.req.raw)
  await next()
}
