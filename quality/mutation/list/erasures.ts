import { equivalent, inside } from '../mutation.ts'

const ERASED = ['jobs/erasures.empty-db']
const STEPS = ['jobs/erasure-steps.empty-db']

/** What hides and removes the texts of deleted tickets and comments. */
export const ERASURES = [
  ...inside('shownData', ERASED, (it) => [
    it.call('isTicketErased').replaceWith('sql`0`'),
    it.call('isCommentErased').replaceWith('sql`0`'),
  ]),
  ...inside('emitTicketDeleted', ERASED, (it) => [it.call('recordTicketErasure').remove()]),
  ...inside('deleteComment', ERASED, (it) => [it.call('recordCommentErasure').remove()]),
  ...inside('DELETED_TICKET', ['tickets/delete'], (it) => [it.property('title').value().replaceWith('t.title')]),
  ...equivalent(
    'the snapshot is read where an event of an earlier release does not name its comment',
    inside('insertCommentEvent', STEPS, (it) => [it.property('commentId').remove()]),
  ),
  ...inside('insertAttempts', ERASED, (it) => [it.call('isOfErasedEvent').replaceWith('sql`0`')]),
  ...inside('findAttempts', ERASED, (it) => [it.call('isOfErasedEvent').replaceWith('sql`0`')]),
  ...inside('findHistory/shown', ERASED, (it) => [it.call('isHistoryErased').replaceWith('sql`0`')]),
  ...inside('eraseNext', ERASED, (it) => [
    it.call('eraseResponses').remove(),
    it.call('eraseEvents').remove(),
    it.call('eraseRecords').remove(),
    it.call('eraseHistory').remove(),
  ]),
  ...inside('findDueErasures/upToBytes', STEPS, (it) => [it.sql('bytes_so_far - bytes < ?').replaceWith('1')]),
  ...inside('eraseNext/advance', STEPS, (it) => [it.variable(3, 3).replaceWith('sql`0`')]),
]
