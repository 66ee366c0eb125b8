import { cursorReads, pathOf, reads, write } from '../operation-kinds'
import type { Operation } from '../sender'
import { attachments, comments, file } from './paths'

export const TICKET_CHILDREN: Operation[] = [
  ...reads('listComments', ['agent', 'customer'], comments, ['', '?page=2&per_page=1']),
  ...cursorReads('listComments', ['agent', 'customer'], comments),
  write('createComment', 'customer', 'POST', comments, { content: 'New', attachments: [file] }),
  write('createComment', 'agent', 'POST', comments, { content: 'New', is_internal: true, attachments: [file] }),
  write('createComment', 'customer', 'POST', comments, { content: 'Without a file' }),
  write('createComment', 'customer', 'POST', comments, { content: 'Said once' }, { 'Idempotency-Key': 'kept' }),
  write('deleteComment', 'agent', 'DELETE', (w) => `${pathOf(comments, w)}/${w.resources.open.id}`),
  write('deleteComment', 'agent', 'DELETE', (w) => `${pathOf(comments, w)}/${w.resources.own.id}`),
  write('deleteComment', 'admin', 'DELETE', (w) => `${pathOf(comments, w)}/${w.resources.internal.id}`),
  ...reads('listAttachments', ['agent', 'customer'], attachments, ['', '?page=2&per_page=1']),
  ...cursorReads('listAttachments', ['agent', 'customer'], attachments),
  write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  write('deleteAttachment', 'agent', 'DELETE', (w) => `${pathOf(attachments, w)}/${w.resources.files.ticket.id}`),
  write('deleteAttachment', 'agent', 'DELETE', (w) => `${pathOf(attachments, w)}/${w.resources.files.internal.id}`),
  ...reads('getAttachment', ['agent', 'customer', 'stranger'], (w) => `attachments/${w.resources.files.ticket.id}`),
  ...reads('getAttachment', ['agent', 'customer'], (w) => `attachments/${w.resources.files.internal.id}`),
  ...reads(
    'getFile',
    ['anonymous'],
    (w) => new URL(w.resources.files.ticket.url).pathname + new URL(w.resources.files.ticket.url).search,
  ),
]
