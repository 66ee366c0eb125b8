import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { returning } from './idempotency-records'
import { actorJson, insertEvent, reserveSequences } from './outbox'
import { run, type Statement, select } from './statement'
import { TICKET_MEMBERS, TICKET_SNAPSHOT } from './ticket-row'
import { nextWriteTime } from './write-time'

/** Texts longer than this (bytes of JSON) are not told in `changes`. */
const MAX_EVENT_CHANGES = 4_096

/** One change of a ticket. Its history rows bear its ID, and all that follows from it hangs on them. */
export interface ChangeRecord {
  caller: Caller
  ticketId: string
  changeId: string
  now: number
}

/** Whether the change has left a trace, or one of a field, as an SQL expression. */
export function hasChanged({ caller, changeId }: ChangeRecord, field?: string): SQL {
  const named = field === undefined ? sql`` : sql` AND field = ${field}`
  return sql`EXISTS (SELECT 1 FROM ticket_history
    WHERE account_id = ${caller.accountId} AND change_id = ${changeId}${named})`
}

/** The fields that the change has left a trace of. */
export function findChangedFields(accountId: string, changeId: string) {
  return returning(
    select<{ field: string }>(
      sql`SELECT field FROM ticket_history WHERE account_id = ${accountId} AND change_id = ${changeId}`,
    ),
    ['field'],
  )
}

/** Writes the `ticket.updated` of a change, if it has left a trace: the ticket as it is now, and what its history says. */
export function insertUpdatedEvent(change: ChangeRecord, eventId: string, isInternal: boolean | SQL) {
  const { caller, ticketId, changeId } = change
  const changes = sql`(SELECT json_group_object(field, CASE
      WHEN octet_length(previous) > ${MAX_EVENT_CHANGES} OR octet_length(current) > ${MAX_EVENT_CHANGES}
      THEN json_object('truncated', json('true'))
      ELSE json_object('previous', json(previous), 'current', json(current)) END)
    FROM ticket_history WHERE account_id = ${caller.accountId} AND change_id = ${changeId})`
  return insertEvent({
    id: eventId,
    type: 'ticket.updated',
    accountId: caller.accountId,
    ticketId,
    isInternal,
    data: sql`json_object('ticket', json(${TICKET_SNAPSHOT}), 'changes', json(${changes}),
      'actor', json(${actorJson(caller.accountId, caller.id)}))`,
    from: sql`tickets t ${TICKET_MEMBERS}
      WHERE t.account_id = ${caller.accountId} AND t.id = ${ticketId} AND ${hasChanged(change)}`,
  })
}

/** A comment or an attachment of a ticket that comes or goes. */
interface ChildChange {
  field: 'comments' | 'attachments'
  id: string
  moves: 'comes' | 'goes'
  /** What else must hold of its row, `p`. */
  condition?: SQL
}

/** What history tells of a part. */
const CHILD_SNAPSHOTS: Record<ChildChange['field'], SQL> = {
  comments: sql.raw(`json_object('id', p.id)`),
  attachments: sql.raw(`json_object('id', p.id, 'filename', p.filename, 'size', p.size, 'mime_type', p.mime_type)`),
}

/**
 * What a part leaves behind that has come to its ticket or is about to go: history, a new version, a `ticket.updated`.
 * For the batch of the deed, where the part is there. An internal part moves nothing that a customer could see.
 */
export function recordChildChange(change: ChangeRecord, child: ChildChange, eventId: string): Statement[] {
  const { caller, ticketId, changeId, now } = change
  const { accountId } = caller
  const time = nextWriteTime(accountId, { now })
  const itself = sql`${sql.raw(child.field)} p
    WHERE p.account_id = ${accountId} AND p.ticket_id = ${ticketId} AND p.id = ${child.id}`
  const snapshot = CHILD_SNAPSHOTS[child.field]
  const values = child.moves === 'comes' ? sql`'null', ${snapshot}` : sql`${snapshot}, 'null'`
  return [
    run(sql`
      INSERT INTO ticket_history (account_id, ticket_id, change_id, actor_id, field, previous, current, created_at)
      SELECT p.account_id, p.ticket_id, ${changeId}, ${caller.id}, ${child.field}, ${values}, ${time}
      FROM ${itself}${child.condition ? sql` AND ${child.condition}` : sql``}`),
    run(sql`
      UPDATE tickets SET version = version + 1, updated_at = ${time}
      WHERE account_id = ${accountId} AND id = ${ticketId} AND ${hasChanged(change)}
        AND EXISTS (SELECT 1 FROM ${itself} AND p.is_internal = 0)`),
    reserveSequences(accountId, { now }, hasChanged(change)),
    insertUpdatedEvent(change, eventId, sql`(SELECT p.is_internal FROM ${itself})`),
  ]
}
