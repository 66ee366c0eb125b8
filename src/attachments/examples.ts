import type { z } from '@hono/zod-openapi'
import { examplePagination } from '../http/pagination/page'
import { type Attachment, type AttachmentList, exampleUrl, type NewAttachmentJson } from './schema'

export const SCREENSHOT: z.infer<typeof Attachment> = {
  id: 'attach123',
  filename: 'error_screenshot.png',
  size: 258_940,
  mime_type: 'image/png',
  url: exampleUrl('attach123/error_screenshot.png'),
  created_at: '2025-05-01T09:30:00Z',
  sha256: '4adbf7f1103c1c83a5b66d224a734922ce115398213d69b044fda00783027650',
}

/** 21 bytes: `Error: export failed` and a newline. */
export const NEW_ERROR_LOG: NewAttachmentJson = {
  filename: 'error_log.txt',
  content: 'RXJyb3I6IGV4cG9ydCBmYWlsZWQK',
  mime_type: 'text/plain',
}

export const ERROR_LOG: z.infer<typeof Attachment> = {
  id: 'attach_01jt0v7m3z5e1c9a7b3d2f4e6a',
  filename: 'error_log.txt',
  size: 21,
  mime_type: 'text/plain',
  url: exampleUrl('attach_01jt0v7m3z5e1c9a7b3d2f4e6a/error_log.txt'),
  created_at: '2025-05-04T14:25:00Z',
  sha256: '468ecbeb3f39b4f90c4338d5ba0ef2a163c6f81ef218053a46693679baaf84d9',
}

/** 23 bytes: `500 at /api/v1/reports` and a newline. */
export const NEW_SERVER_LOGS: NewAttachmentJson = {
  filename: 'server_logs.txt',
  content: 'NTAwIGF0IC9hcGkvdjEvcmVwb3J0cwo=',
  mime_type: 'text/plain',
}

export const SERVER_LOGS: z.infer<typeof Attachment> = {
  id: 'attach124',
  filename: 'server_logs.txt',
  size: 23,
  mime_type: 'text/plain',
  url: exampleUrl('attach124/server_logs.txt'),
  created_at: '2025-05-04T16:05:00Z',
  sha256: 'a49bc9a306c55beb4e9b1c299f2dca1fcd0938900b5d1431e321bf053e9466b8',
}

export const ATTACHMENTS: z.infer<typeof AttachmentList> = {
  data: [SCREENSHOT],
  pagination: examplePagination('/tickets/ticket123/attachments'),
}

export function inEvent(attachment: z.infer<typeof Attachment>): z.infer<typeof Attachment> {
  return { ...attachment, url: `/attachments/${attachment.id}` }
}
