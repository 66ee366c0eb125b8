// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { equivalent, inside } from '../mutation.ts'

/** What a caller sees: other customers' tickets, internal comments, the events of a webhook. */
export const VISIBILITY = [
  ...inside('visibleTickets', ['tickets/get', 'tickets/list-filters'], (it) => [it.variable().replaceWith('$2')]),
  ...equivalent(
    "the search index holds a ticket's creator, and a customer's search asks for it",
    inside('visibleByRowId', ['tickets/search', 'tickets/tag-rights'], (it) => [it.variable().replaceWith('$2')]),
  ),
  ...inside('visibleTicketId', ['tickets/get', 'comments/list', 'attachments/list'], (it) => [
    it.call('seesAllTickets').always(true),
  ]),
  ...inside('visibleTicketId', ['access/hidden-tickets'], (it) => [
    it.sql('UNION ALL SELECT NULL, NULL FROM ? WHERE seq = ?').replaceWith(''),
  ]),
  ...inside('visibleAttachmentId', ['attachments/list', 'attachments/download', 'access/roles'], (it) => [
    it.call('seesAllTickets').always(true),
    it.sqlCondition('is_internal = 0').remove(),
  ]),
  ...inside('visibleToRole', ['comments/list', 'attachments/list'], (it) => [
    it.sqlCondition('is_internal = 0').remove(),
  ]),
  ...inside('countChildren', ['comments/list', 'attachments/list'], (it) => [
    it.call('seesInternal').replaceWith('$1'),
  ]),
  ...inside('creatorsOf', ['tickets/list-filters', 'tickets/totals'], (it) => [
    it.call('seesAllTickets').replaceWith('$1'),
  ]),
  ...inside('countByField', ['tickets/totals'], (it) => [it.call('seesAllTickets').replaceWith('$1')]),
  ...inside('countByAssignee', ['tickets/totals'], (it) => [it.call('seesAllTickets').replaceWith('$1')]),
  ...inside('insertCommentEvent', ['webhooks/fan-out.empty-db'], (it) => [
    it.property('isInternal').value().always(false),
  ]),
  ...inside('insertComment', ['comments/create', 'comments/internal'], (it) => [
    it.sql('{visibleTicket}').replaceWith('t.account_id = ${accountId} AND t.id = ${comment.ticketId}'),
  ]),
  ...inside('insertHistory', ['tickets/update-rights'], (it) => [it.call('visibleTicketId').replaceWith('$2')]),
  ...inside('findLatestComments', ['access/hidden-tickets'], (it) => [
    it.sql('{visibleChildren}').replaceWith('c.account_id = ${caller.accountId} AND c.ticket_id = ${ticketId}'),
  ]),
  ...inside('conditions', ['attachments/raw-refused', 'attachments/upload', 'access/roles'], (it) => [
    it.sql('EXISTS (SELECT 1 FROM ? WHERE {visibleTicket})').replaceWith('1'),
  ]),
  ...inside('createComment', ['attachments/list', 'comments/internal'], (it) => [
    it.property('isInternal', 2, 2).replaceWith('$0: false'),
  ]),
  ...inside('recordChildChange', ['attachments/delete', 'comments/delete'], (it) => [
    it.sqlCondition('EXISTS (SELECT 1 FROM ? AND is_internal = 0)').remove(),
    it.call('insertUpdatedEvent').part(3).always(false),
  ]),
  ...inside('isSubscribed', ['webhooks/fan-out.empty-db'], (it) => [
    it.sqlCondition('(include_internal = 1 OR is_internal = 0)').remove(),
    it.sqlCondition("EXISTS (SELECT 1 FROM json_each(events) WHERE value IN ('*', type))").remove(),
  ]),
  ...inside('fanOutEvents', ['webhooks/fan-out.empty-db'], (it) => [
    it.sqlCondition('heard_sequence < sequence').remove(),
    it.sqlCondition('active = 1').remove(),
  ]),
  ...inside('isSubscribed', ['webhooks/replay.empty-db'], (it) => [it.sqlCondition("type <> 'webhook.test'").remove()]),
  ...inside('insertWebhook/isUndeleted', ['webhooks/manage.empty-db', 'access/roles'], (it) => [
    it.sqlCondition('deleted_at IS NULL').remove(),
  ]),
  ...inside('findUser', ['api-keys/member'], (it) => [it.sqlCondition("kind = 'person'").remove()]),
  ...inside('presentStoredAttachment', ['events/list'], (it) => [
    it.property('url').value().replaceWith('`/files/${$1}/${row.filename}?signature=given`'),
  ]),
  ...inside('objectKey', ['quality/tenant-isolation/tenant-isolation.empty-db'], (it) => [
    it.returned().part(1).replaceWith("'all'"),
  ]),
]
