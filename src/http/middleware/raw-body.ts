import type { MiddlewareHandler } from 'hono'
import { lengthRequired, payloadTooLarge, unsupportedEncoding, unsupportedMediaType } from '../../core/errors'
import { isMatch } from '../../lib/text'
import { MAX_MEDIA_TYPE, MEDIA_TYPE_PATTERN } from '../schemas/patterns'

/** 95 MiB: Cloudflare takes bodies of 100 MB, headers and all. */
export const MAX_RAW_BYTES = 95 * 1024 * 1024

/** With its parameters; those of the API's clients are far shorter. */
export const MAX_CONTENT_TYPE = 255

const MEDIA_TYPE = new RegExp(MEDIA_TYPE_PATTERN)

/** Of a form, with the file somewhere in it, and what curl says of a body when it is not told: no file is of these. */
const FORM = /^(multipart\/.*|application\/x-www-form-urlencoded)$/i

/** A body that is not read into memory. */
export interface RawBody {
  /** `type/subtype`, as it was sent. */
  type: string
  /** How many bytes it says it has. */
  length: number
  /** Null where there are none. */
  bytes: ReadableStream<Uint8Array> | null
}

/** Whether a text is a media type without parameters. */
export function isMediaType(text: string): boolean {
  return isMatch(text, MEDIA_TYPE, MAX_MEDIA_TYPE)
}

/** Throws 415 where a body is compressed, or says that it is: nobody undoes that. */
export function rejectEncoded(headers: Headers): void {
  if (!isMatch(headers.get('Content-Encoding') ?? '', /^(identity)?$/i, 'identity'.length)) throw unsupportedEncoding()
}

/**
 * A request's body as it comes. Throws 415 without a media type, with one that is none or that of a form, or where the
 * body is compressed, 413 for more than 95 MiB, 411 where its length is not told.
 */
export function rawBodyOf(request: Request): RawBody {
  const [given = ''] = (request.headers.get('Content-Type') ?? '').split(';')
  const type = given.trim()
  if (!isMediaType(type) || FORM.test(type)) throw unsupportedMediaType('that of the file, such as image/png')
  rejectEncoded(request.headers)
  const length = request.headers.get('Content-Length') ?? ''
  if (!isMatch(length, /^\d{1,15}$/, 15)) throw lengthRequired()
  if (Number(length) > MAX_RAW_BYTES) throw payloadTooLarge('The body must be at most 95 MiB')
  return { type, length: Number(length), bytes: request.body }
}

/** Makes sure that there is such a body, before anything else of the request is looked at. */
export const rawBody: MiddlewareHandler = async (c, next) => {
  rawBodyOf(c.req.raw)
  await next()
}
