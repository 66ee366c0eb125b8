import type { z } from '@hono/zod-openapi'
import { SERVER_LOGS } from '../attachments/service'
import { examplePagination } from '../http/pagination/page'
import { JANE, SUPPORT } from '../users/service'
import type { Comment, CommentList, CommentResponse } from './schema'

export { NEW_SERVER_LOGS } from '../attachments/service'

export const CACHE_CLEARED: z.infer<typeof Comment> = {
  id: 'comment123',
  content: "I've tried clearing my browser cache but still having the issue.",
  created_at: '2025-05-01T10:15:00Z',
  created_by: JANE,
  is_internal: false,
}

export const LOOKING_INTO_IT: z.infer<typeof Comment> = {
  id: 'comment124',
  content: 'Looking into this issue. Could be related to the recent deployment.',
  created_at: '2025-05-01T10:30:00Z',
  created_by: SUPPORT,
  is_internal: true,
}

export const NEW_COMMENT: z.infer<typeof CommentResponse> = {
  data: {
    id: 'comment125',
    content: "I've checked the server logs and found the issue.",
    created_at: '2025-05-04T16:05:00Z',
    created_by: SUPPORT,
    is_internal: true,
    attachments: [SERVER_LOGS],
  },
}

export const COMMENTS: z.infer<typeof CommentList> = {
  data: [
    { ...CACHE_CLEARED, attachments: [] },
    { ...LOOKING_INTO_IT, attachments: [] },
  ],
  pagination: examplePagination('/tickets/ticket123/comments', 2),
}
