import { z } from '@hono/zod-openapi'
import { Attachment, NewAttachments } from '../attachments/service'
import { CursorPagination, cursorOrPage, PageOrCursorQuery } from '../http/cursor'
import { body, WireTime } from '../http/fields'
import { Pagination } from '../http/pagination'
import { toWireTime } from '../lib/time'
import { UserRef } from '../users/service'
import type { CommentRow } from './queries'

const MAX_CONTENT_BYTES = 65_536

const shape = {
  id: z.string(),
  content: z.string(),
  created_at: WireTime,
  created_by: UserRef,
  is_internal: z.boolean(),
}

export const Comment = z.object(shape).openapi('Comment', {
  example: {
    id: 'comment124',
    content: 'Looking into this issue. Could be related to the recent deployment.',
    created_at: '2025-05-01T10:30:00Z',
    created_by: { id: 'agent789', name: 'Support Agent', email: 'agent@example.com' },
    is_internal: true,
  },
})

const CommentWithAttachments = z
  .object({ ...shape, attachments: z.array(Attachment) })
  .openapi('CommentWithAttachments')

export const CommentAnswer = z.object({ data: CommentWithAttachments }).openapi('CommentAnswer')
export const CommentList = z
  .object({ data: z.array(CommentWithAttachments), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('CommentList')

export const ListCommentsQuery = z.strictObject(PageOrCursorQuery).superRefine(cursorOrPage)
export type ListCommentsInput = z.infer<typeof ListCommentsQuery>

export const CreateCommentBody = z
  .strictObject({
    content: body(MAX_CONTENT_BYTES),
    is_internal: z.boolean().optional().openapi({ default: false }),
    attachments: NewAttachments,
  })
  .openapi('CreateComment', {
    example: {
      content: "I've checked the server logs and found the issue.",
      is_internal: true,
      attachments: [
        { filename: 'server_logs.txt', content: 'NTAwIGF0IC9hcGkvdjEvcmVwb3J0cwo=', mime_type: 'text/plain' },
      ],
    },
  })
export type CreateCommentInput = z.infer<typeof CreateCommentBody>

/** A comment as it is answered, without its attachments. */
export function presentComment(row: CommentRow): z.infer<typeof Comment> {
  return {
    id: row.id,
    content: row.content,
    created_at: toWireTime(row.created_at),
    created_by: { id: row.created_by_id, name: row.created_by_name, email: row.created_by_email },
    is_internal: row.is_internal === 1,
  }
}
