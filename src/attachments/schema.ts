import { z } from '@hono/zod-openapi'
import { reject } from '../core/error-details'
import { MAX_JSON_BYTES } from '../http/middleware/json-body'
import { isMediaType, MAX_RAW_BYTES } from '../http/middleware/raw-body'
import { cursorOrPage, PageOrCursorPagination, PageOrCursorQuery } from '../http/pagination/cursor'
import { FILENAME_PATTERN, MAX_MEDIA_TYPE, MEDIA_TYPE_PATTERN } from '../http/schemas/patterns'
import { follows, type Violation } from '../http/schemas/request-fields'
import { idField, integerField, Redacted, textField, WireTime } from '../http/schemas/response-fields'
import { base64Rule, decodeBase64 } from '../lib/base64'
import { hasMoreBytes, isCleanText } from '../lib/text'
import { toWireTime } from '../lib/time'
import type { ServiceContext } from '../service/context'
import type { AttachmentRow } from './queries'
import { signedPath } from './url-signing'

const MAX_FILENAME_BYTES = 255
const MAX_PER_REQUEST = 10
const DIRECTION_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/

const Filename = z
  .string()
  .superRefine((name, ctx) => {
    const length = `must be 1 to ${MAX_FILENAME_BYTES} bytes`
    if (name === '') reject(ctx, 'too_short', length)
    else if (hasMoreBytes(name, MAX_FILENAME_BYTES)) reject(ctx, 'too_long', length)
    else if (/[/\\]/.test(name) || name === '.' || name === '..')
      reject(ctx, 'invalid_format', 'must be a name without a path')
    else if (!isCleanText(name) || /[\t\n\r]/.test(name) || DIRECTION_OVERRIDES.test(name))
      reject(ctx, 'invalid_format', 'must not contain control characters')
  })
  .openapi({
    minLength: 1,
    maxLength: MAX_FILENAME_BYTES,
    pattern: FILENAME_PATTERN,
    description: 'Name of the file: 1 to 255 bytes of UTF-8, without a path.',
    example: 'error_log.txt',
  })

function mediaTypeViolation(type: string): Violation {
  if (isMediaType(type)) return null
  if (type.length > MAX_MEDIA_TYPE) return ['too_long', `must be at most ${MAX_MEDIA_TYPE} characters`]
  if (isMediaType(type.split(';', 1)[0]?.trim() ?? ''))
    return ['invalid_format', 'must not have parameters such as charset']
  return ['invalid_format', 'must be a media type, such as text/plain']
}

const MimeType = z.string().superRefine(follows(mediaTypeViolation)).openapi({
  maxLength: MAX_MEDIA_TYPE,
  pattern: MEDIA_TYPE_PATTERN,
  description: 'Media type without parameters.',
  example: 'text/plain',
})

/** The library's types lack this keyword of JSON Schema. */
const ENCODED = { contentEncoding: 'base64' }

const Base64 = z
  .string()
  .transform((text, ctx) => {
    const bytes = decodeBase64(text)
    if (!bytes) reject(ctx, 'invalid_format', base64Rule(text))
    return bytes ?? new Uint8Array()
  })
  .openapi({
    type: 'string',
    ...ENCODED,
    maxLength: MAX_JSON_BYTES,
    // The bits that padding leaves over are zero: each content has one encoding.
    pattern: '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$',
    description: 'Bytes of the file in base64 (RFC 4648, with padding). The whole request has at most 10 MiB.',
    example: 'RXJyb3I6IGV4cG9ydCBmYWlsZWQK',
  })

const NewAttachment = z
  .strictObject({ filename: Filename, content: Base64, mime_type: MimeType })
  .openapi('NewAttachment', { description: 'A file to attach.' })

export const NewAttachments = z
  .array(NewAttachment)
  .max(MAX_PER_REQUEST)
  .optional()
  .openapi({ description: 'Files to attach, at most 10.' })
export type NewAttachmentInput = z.infer<typeof NewAttachment>
export type NewAttachmentJson = z.input<typeof NewAttachment>

export const EXAMPLE_SIGNATURE = 'acct_acme.4f7Xq0b9d2mJ6uWcR1sTzKpYvE8hLgNa3oQiBfUxDjw'

/** The path is an ID and a filename. */
export function exampleUrl(path: string): string {
  return `https://api.example.com/files/${path}?expires=1746104400&signature=${EXAMPLE_SIGNATURE}`
}

export const Attachment = z
  .object({
    id: idField('attach123').openapi({ description: 'ID of the attachment.' }),
    filename: textField(MAX_FILENAME_BYTES).openapi({
      description: 'Name of the file.',
      example: 'error_screenshot.png',
    }),
    size: integerField(0, MAX_RAW_BYTES).openapi({ description: 'Size of the file in bytes.', example: 258_940 }),
    mime_type: MimeType,
    url: z.string().openapi({
      format: 'uri-reference',
      maxLength: 4_000,
      description:
        'Signed URL of the file, valid for one to two hours without a credential. In events it is the API path ' +
        '`/attachments/{id}`.',
      example: exampleUrl('attach123/error_screenshot.png'),
    }),
    created_at: WireTime.openapi({ description: 'Time of the upload.' }),
    sha256: z.string().openapi({
      maxLength: 64,
      pattern: '^[0-9a-f]{64}$',
      description: 'SHA-256 of the file, in hexadecimal.',
      example: '4adbf7f1103c1c83a5b66d224a734922ce115398213d69b044fda00783027650',
    }),
    redacted: Redacted,
  })
  .openapi('Attachment', { description: 'A file of a ticket or comment.' })

export const AttachmentResponse = z.object({ data: Attachment }).openapi('AttachmentResponse')
export const AttachmentList = z
  .object({
    data: z.array(Attachment).max(100).openapi({ description: 'Attachments of this page, oldest first.' }),
    pagination: PageOrCursorPagination,
  })
  .openapi('AttachmentList')

export const ListAttachmentsQuery = z.strictObject(PageOrCursorQuery).superRefine(cursorOrPage)
export type ListAttachmentsInput = z.infer<typeof ListAttachmentsQuery>

export const UploadQuery = z.strictObject({ filename: Filename })

export function presentAttachment(row: AttachmentRow, ctx: ServiceContext): z.infer<typeof Attachment> {
  const file = { accountId: ctx.caller.accountId, id: row.id, filename: row.filename }
  const url = `${ctx.links.origin}${signedPath(file, ctx.config.keys.files, ctx.now)}`
  return { ...presentStoredAttachment(row), url }
}

/** As in events, which are stored: the URL is that of the API and does not expire. */
export function presentStoredAttachment(row: AttachmentRow): z.infer<typeof Attachment> {
  return {
    id: row.id,
    filename: row.filename,
    size: row.size,
    mime_type: row.mime_type,
    url: `/attachments/${row.id}`,
    created_at: toWireTime(row.created_at),
    sha256: row.sha256,
  }
}
