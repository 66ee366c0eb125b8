import { z } from '@hono/zod-openapi'
import { Attachment, NewAttachments } from '../attachments/service'
import { cursorOrPage, PageOrCursorPagination, PageOrCursorQuery } from '../http/pagination/cursor'
import { multilineText } from '../http/schemas/request-fields'
import { idField, Redacted, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import { UserRef } from '../users/service'
import type { CommentRow } from './queries'

const MAX_CONTENT_BYTES = 65_536
const MAX_ATTACHMENTS = 10

const shape = {
  id: idField('comment124').openapi({ description: 'ID of the comment.' }),
  content: textField(MAX_CONTENT_BYTES).openapi({
    description: 'Text of the comment, as it was sent.',
    example: 'Please try again now.',
  }),
  created_at: WireTime.openapi({ description: 'Time of creation.' }),
  created_by: UserRef,
  is_internal: z.boolean().openapi({ description: 'Whether the comment is hidden from customers.', example: false }),
}

export const Comment = z
  .object(shape)
  .openapi('Comment', { description: 'A comment on a ticket, without its attachments.' })

export const CommentWithAttachments = z
  .object({
    ...shape,
    attachments: z.array(Attachment).max(MAX_ATTACHMENTS).openapi({ description: 'Files of the comment.' }),
    redacted: Redacted,
  })
  .openapi('CommentWithAttachments', { description: 'A comment on a ticket, with its attachments.' })

export const CommentResponse = z.object({ data: CommentWithAttachments }).openapi('CommentResponse')
export const CommentList = z
  .object({
    data: z.array(CommentWithAttachments).max(100).openapi({ description: 'Comments of this page, oldest first.' }),
    pagination: PageOrCursorPagination,
  })
  .openapi('CommentList')

export const ListCommentsQuery = z.strictObject(PageOrCursorQuery).superRefine(cursorOrPage)
export type ListCommentsInput = z.infer<typeof ListCommentsQuery>

export const CreateCommentBody = z
  .strictObject({
    content: multilineText(MAX_CONTENT_BYTES).openapi({
      description: 'Text of the comment, 1 to 65,536 bytes of UTF-8.',
      example: 'Please try again now.',
    }),
    is_internal: z.boolean().optional().openapi({
      default: false,
      description: 'Hides the comment from customers. Agents and admins only.',
      example: true,
    }),
    attachments: NewAttachments,
  })
  .openapi('CreateComment')
export type CreateCommentInput = z.infer<typeof CreateCommentBody>

export function presentComment(row: CommentRow): z.infer<typeof Comment> {
  return {
    id: row.id,
    content: row.content,
    created_at: toWireTime(row.created_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    is_internal: row.is_internal === 1,
  }
}
