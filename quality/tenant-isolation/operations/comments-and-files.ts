import { pathOf, reads, walks, write } from '../operation-kinds'
import type { Deed } from '../sender'
import { attachments, comments, file } from './paths'

/** What is done with comments, attachments and files. */
export const PARTS: Deed[] = [
  ...reads('listComments', ['agent', 'customer'], comments, ['', '?page=2&per_page=1']),
  ...walks('listComments', ['agent', 'customer'], comments),
  write('createComment', 'customer', 'POST', comments, { content: 'New', attachments: [file] }),
  write('createComment', 'agent', 'POST', comments, { content: 'New', is_internal: true, attachments: [file] }),
  write('createComment', 'customer', 'POST', comments, { content: 'Without a file' }),
  write('createComment', 'customer', 'POST', comments, { content: 'Said once' }, { 'Idempotency-Key': 'kept' }),
  write('deleteComment', 'agent', 'DELETE', (w) => `${pathOf(comments, w)}/${w.things.open.id}`),
  write('deleteComment', 'agent', 'DELETE', (w) => `${pathOf(comments, w)}/${w.things.own.id}`),
  write('deleteComment', 'admin', 'DELETE', (w) => `${pathOf(comments, w)}/${w.things.internal.id}`),
  ...reads('listAttachments', ['agent', 'customer'], attachments, ['', '?page=2&per_page=1']),
  ...walks('listAttachments', ['agent', 'customer'], attachments),
  write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  write('deleteAttachment', 'agent', 'DELETE', (w) => `${pathOf(attachments, w)}/${w.things.files.ticket.id}`),
  write('deleteAttachment', 'agent', 'DELETE', (w) => `${pathOf(attachments, w)}/${w.things.files.internal.id}`),
  ...reads('getAttachment', ['agent', 'customer', 'stranger'], (w) => `attachments/${w.things.files.ticket.id}`),
  ...reads('getAttachment', ['agent', 'customer'], (w) => `attachments/${w.things.files.internal.id}`),
  ...reads(
    'getFile',
    ['nobody'],
    (w) => new URL(w.things.files.ticket.url).pathname + new URL(w.things.files.ticket.url).search,
  ),
]
