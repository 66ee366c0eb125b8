// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { inside } from '../mutation.ts'

const TIMES = ['db/write-times']
const CLOCK = 'sql`${now}`'

/** The times of writes, in the order of their commits. */
export const WRITE_TIMES = [
  ...inside('nextAfterLatest', TIMES, (it) => [
    it.sql('last_write_at + 1').replaceWith('0'),
    it.text(' + 1').remove(),
    it.condition().always(false),
  ]),
  ...inside('nextAfterLatest', TIMES, (it) => [it.sql('max(?, last_write_at + 1)').replaceWith('last_write_at + 1')]),
  ...inside('reserveSequences', TIMES, (it) => [it.property('lastWriteAt').remove()]),
  ...inside('reserveTicketNumber', TIMES, (it) => [it.property('lastWriteAt').remove()]),
  ...inside('createTicket', TIMES, (it) => [it.property('files').remove()]),
  ...inside('createComment', TIMES, (it) => [it.property('files').remove()]),
  ...inside('serviceContext', TIMES, (it) => [it.property('now').value().replaceWith('c.var.startedAt')]),
  ...inside('insertUser', TIMES, (it) => [it.call('nextWriteTime').replaceWith(CLOCK)]),
  ...inside('insertHistory', TIMES, (it) => [it.call('nextWriteTime').replaceWith(CLOCK)]),
  ...inside('changeTicket/updateTicket', TIMES, (it) => [it.call('nextWriteTime').replaceWith('sql`${$2.now}`')]),
  ...inside('recordChildChange', TIMES, (it) => [it.call('nextWriteTime').replaceWith(CLOCK)]),
  ...inside('insertComment', TIMES, (it) => [
    it.call('nextWriteTime').replaceWith('sql`${$2.now}`'),
    it.call('lastWriteTime').replaceWith('sql`${clock.now}`'),
  ]),
  ...inside('attachUpload', TIMES, (it) => [it.call('nextWriteTime').replaceWith('lastWriteTime($1)')]),
  ...inside('uploadAttachment', TIMES, (it) => [it.property('now', 1, 2).value().replaceWith('started.now')]),
  ...inside('insertAttachments', TIMES, (it) => [
    it.call('nextChildTime').part(4).replaceWith('writeTime'),
    it.text(' + j.key').remove(),
  ]),
  ...inside('insertAccount', ['accounts/create'], (it) => [it.property('lastWriteAt').value().replaceWith('0')]),
]
