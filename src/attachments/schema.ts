import { z } from '@hono/zod-openapi'
import type { ServiceContext } from '../context'
import { CursorPagination, cursorOrPage, PageOrCursorQuery } from '../http/cursor'
import { WireTime } from '../http/fields'
import { Pagination } from '../http/pagination'
import { MEDIA_TYPE } from '../http/raw-body'
import { isCleanText, utf8Bytes } from '../lib/text'
import { toWireTime } from '../lib/time'
import type { AttachmentRow } from './queries'
import { signedPath } from './url-signing'

const MAX_FILENAME_BYTES = 255
const MAX_A_REQUEST = 10
const DIRECTION_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/

const Filename = z
  .string()
  .superRefine((name, ctx) => {
    const refuse = (message: string) => ctx.addIssue({ code: 'custom', message })
    if (name === '' || utf8Bytes(name) > MAX_FILENAME_BYTES) refuse(`must be 1 to ${MAX_FILENAME_BYTES} bytes`)
    else if (/[/\\]/.test(name) || name === '.' || name === '..') refuse('must be a name without a path')
    else if (!isCleanText(name) || /[\t\n\r]/.test(name) || DIRECTION_OVERRIDES.test(name))
      refuse('must not hold control characters')
  })
  .openapi({ minLength: 1, maxLength: MAX_FILENAME_BYTES, example: 'error_log.txt' })

const MimeType = z.string().regex(MEDIA_TYPE, 'must be a type such as text/plain').openapi({ example: 'text/plain' })

const Base64 = z
  .string()
  .transform((text, ctx) => {
    const bytes = decodeBase64(text)
    if (!bytes) ctx.addIssue({ code: 'custom', message: 'must be base64 (RFC 4648, with padding)' })
    return bytes ?? new Uint8Array()
  })
  .openapi({ type: 'string', format: 'byte', example: 'RXJyb3I6IGV4cG9ydCBmYWlsZWQK' })

/** A file within a JSON body. */
const NewAttachment = z
  .strictObject({ filename: Filename, content: Base64, mime_type: MimeType })
  .openapi('NewAttachment')

export const NewAttachments = z.array(NewAttachment).max(MAX_A_REQUEST).optional()
export type NewAttachmentInput = z.infer<typeof NewAttachment>

export const Attachment = z
  .object({
    id: z.string(),
    filename: z.string(),
    size: z.number().int().openapi({ description: 'Bytes' }),
    mime_type: z.string(),
    url: z.string().openapi({ description: 'Needs no header; good for one to two hours' }),
    created_at: WireTime,
    sha256: z.string(),
  })
  .openapi('Attachment', {
    example: {
      id: 'attach123',
      filename: 'error_screenshot.png',
      size: 258940,
      mime_type: 'image/png',
      url: 'https://api.example.com/files/attach123/error_screenshot.png?expires=1746104400&signature=acct_demo.c2ln',
      created_at: '2025-05-01T09:30:00Z',
      sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    },
  })

export const AttachmentAnswer = z.object({ data: Attachment }).openapi('AttachmentAnswer')
export const AttachmentList = z
  .object({ data: z.array(Attachment), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('AttachmentList')

export const ListAttachmentsQuery = z.strictObject(PageOrCursorQuery).superRefine(cursorOrPage)
export type ListAttachmentsInput = z.infer<typeof ListAttachmentsQuery>

export const UploadQuery = z.strictObject({ filename: Filename })

/** An attachment with a link that works for an hour or two. */
export function presentAttachment(row: AttachmentRow, ctx: ServiceContext): z.infer<typeof Attachment> {
  const file = { accountId: ctx.caller.accountId, id: row.id, filename: row.filename }
  const url = `${ctx.links.origin}${signedPath(file, ctx.config.keys.files, ctx.now)}`
  return { ...presentStoredAttachment(row), url }
}

/** An attachment as events tell of it: they are kept, so that their link is to the API and not a signed one. */
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

/** The bytes of strict base64, or null: `fromBase64` alone would pass over white space. */
function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (/\s/.test(text)) return null
  try {
    return Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
  } catch {
    return null
  }
}
