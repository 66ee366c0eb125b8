import { z } from '@hono/zod-openapi'
import { Attachment, NewAttachments } from '../attachments/service'
import { CursorPagination, cursorOrPage, PageOrCursorQuery } from '../http/pagination/cursor'
import { Pagination } from '../http/pagination/page'
import { multilineText } from '../http/schemas/request-fields'
import { idField, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import { UserRef } from '../users/service'
import type { CommentRow } from './queries'

const MAX_CONTENT_BYTES = 65_536
const MAX_ATTACHMENTS = 10

const shape = {
  id: idField('comment124'),
  content: textField(MAX_CONTENT_BYTES),
  created_at: WireTime,
  created_by: UserRef,
  is_internal: z.boolean().openapi({ description: 'Whether it is hidden from customers' }),
}

export const Comment = z.object(shape).openapi('Comment')

export const CommentWithAttachments = z
  .object({ ...shape, attachments: z.array(Attachment).max(MAX_ATTACHMENTS) })
  .openapi('CommentWithAttachments')

export const CommentResponse = z.object({ data: CommentWithAttachments }).openapi('CommentResponse')
export const CommentList = z
  .object({ data: z.array(CommentWithAttachments).max(100), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('CommentList')

export const ListCommentsQuery = z.strictObject(PageOrCursorQuery).superRefine(cursorOrPage)
export type ListCommentsInput = z.infer<typeof ListCommentsQuery>

export const CreateCommentBody = z
  .strictObject({
    content: multilineText(MAX_CONTENT_BYTES),
    is_internal: z.boolean().optional().openapi({ default: false }),
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
