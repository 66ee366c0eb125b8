// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { of, redundant } from '../mutation.ts'

/** What a caller sees: other customers' tickets, what is internal, what a webhook is told. */
export const VISIBILITY = [
  ...of(
    'db/visibility.ts',
    ['tickets/get', 'tickets/list-filters'],
    [
      [
        'const own = seesAllTickets(caller.role) ? sql`` : sql` AND t.created_by = ${caller.id}`\n  return sql`t.acc',
        'const own = sql``\n  return sql`t.acc',
      ],
    ],
  ),
  ...redundant(
    'the index of words holds whose a ticket is, and a customer’s match asks for it',
    of(
      'db/visibility.ts',
      ['tickets/search', 'tickets/tag-rights'],
      [
        [
          'const own = seesAllTickets(caller.role) ? sql`` : sql` AND +t.created_by = ${caller.id}`',
          'const own = sql``',
        ],
      ],
    ),
  ),
  ...of(
    'db/visibility.ts',
    ['comments/list', 'attachments/list'],
    [
      [
        '${name}.account_id = ${caller.accountId} AND ${name}.is_internal = 0',
        '${name}.account_id = ${caller.accountId}',
      ],
    ],
  ),
  ...of(
    'db/parts.ts',
    ['comments/list', 'attachments/list'],
    [['const total = seesInternal(caller.role) ? ', 'const total = caller.role ? ']],
  ),
  ...of(
    'tickets/filter.queries.ts',
    ['tickets/list-filters', 'tickets/totals'],
    [['if (seesAllTickets(caller.role)) return createdBy', 'if (caller.role) return createdBy']],
  ),
  ...of(
    'tickets/stats.queries.ts',
    ['tickets/totals'],
    [
      ['const [dimension, value] = seesAllTickets(caller.role) ? ', 'const [dimension, value] = caller.role ? '],
      ['const counts = seesAllTickets(caller.role)', 'const counts = caller.role'],
    ],
  ),
  ...of('comments/queries.ts', ['webhooks/fan-out'], [['isInternal: comment.isInternal,', 'isInternal: false,']]),
  ...of(
    'comments/queries.ts',
    ['comments/create', 'comments/internal'],
    [
      [
        'FROM tickets t WHERE ${visibleTicket(caller, comment.ticketId)}`',
        'FROM tickets t WHERE t.account_id = ${accountId} AND t.id = ${comment.ticketId}`',
      ],
    ],
  ),
  ...of(
    'tickets/change.queries.ts',
    ['tickets/update-rights'],
    [['      AND EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTicket(caller, ticketId)})\n', '']],
  ),
  ...of(
    'attachments/queries.ts',
    ['attachments/list', 'attachments/download', 'access/roles'],
    [['\n        AND EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTickets(caller)} AND t.id = f.ticket_id)', '']],
  ),
  ...of(
    'attachments/intent.queries.ts',
    ['attachments/raw-refused', 'attachments/upload', 'access/roles'],
    [['isOpen: sql`EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTicket(caller, gate.ticketId)})`', 'isOpen: sql`1`']],
  ),
  ...of(
    'comments/service.ts',
    ['attachments/list', 'comments/internal'],
    [
      [
        'const parent = { ticketId, commentId: comment.id, isInternal }',
        'const parent = { ticketId, commentId: comment.id, isInternal: false }',
      ],
    ],
  ),
  ...of(
    'db/ticket-change.ts',
    ['attachments/delete', 'comments/delete'],
    [
      ['\n        AND EXISTS (SELECT 1 FROM ${itself} AND p.is_internal = 0)', ''],
      [
        'insertUpdatedEvent(change, eventId, sql`(SELECT p.is_internal FROM ${itself})`)',
        'insertUpdatedEvent(change, eventId, false)',
      ],
    ],
  ),
  ...of(
    'webhooks/fan-out.queries.ts',
    ['webhooks/fan-out'],
    [
      ['AND (w.include_internal = 1 OR e.is_internal = 0)\n', '\n'],
      ["AND EXISTS (SELECT 1 FROM json_each(w.events) WHERE value IN ('*', e.type))", ''],
      ['AND w.active = 1 AND w.heard_sequence < e.sequence', 'AND w.active = 1'],
      [
        'CROSS JOIN webhooks w ON w.account_id = s.account_id AND w.active = 1 AND',
        'CROSS JOIN webhooks w ON w.account_id = s.account_id AND',
      ],
    ],
  ),
  ...of('webhooks/fan-out.queries.ts', ['webhooks/replay'], [["e.type <> 'webhook.test' AND (w.", '(w.']]),
  ...of(
    'webhooks/queries.ts',
    ['webhooks/manage', 'access/roles'],
    [
      [
        'return sql`account_id = ${accountId} AND id = ${id} AND deleted_at IS NULL`',
        'return sql`account_id = ${accountId} AND id = ${id}`',
      ],
    ],
  ),
  ...of('users/queries.ts', ['api-keys/member'], [["AND id = ${id} AND kind = 'person'`", 'AND id = ${id}`']]),
  ...of(
    'attachments/schema.ts',
    ['events/list'],
    [['url: `/attachments/${row.id}`,', 'url: `/files/${row.id}/${row.filename}?signature=given`,']],
  ),
  ...of('attachments/storage.ts', ['access/twins'], [['return `${accountId}/${id}`', 'return `all/${id}`']]),
]
