import { type SQL, sql } from 'drizzle-orm'
import { abortIf } from '../db/abort'
import { actorJson, insertEvent, reserveSequences } from '../db/outbox'
import { run, type Statement } from '../db/statement'
import { type ChangeRecord, hasChanged, insertUpdatedEvent } from '../db/ticket-change'
import { visibleTicket } from '../db/visibility'
import { nextWriteTime } from '../db/write-time'

/** The fields to change, by their columns. A field that is absent stays as it is. */
export interface TicketChange {
  title?: string | undefined
  description?: string | undefined
  status?: string | undefined
  priority?: string | undefined
  createdBy?: string | undefined
  assignedTo?: string | null | undefined
  tags?: { set: string[] } | { add: string[]; remove: string[] } | undefined
  /** A merge patch (RFC 7396). */
  customFields?: Record<string, string | number | boolean | null> | undefined
}

interface ChangeRequest extends ChangeRecord {
  change: TicketChange
  /** The statuses a change of status may start from; null for any. */
  statusesBefore: readonly string[] | null
  events: { statusChanged: string; updated: string }
}

/**
 * One change of a ticket as statements of one batch, with no read before it: each field that really changes leaves a
 * history row made from the live value; the update, the sequences and the events hang on those rows.
 */
export function changeTicket(request: ChangeRequest): Statement[] {
  const fields = newValues(request.change)
  return [
    ...expectStatus(request),
    ...fields.map((field) => insertHistory(request, field)),
    updateTicket(request, fields),
    reserveSequences(request.caller.accountId, request, hasChanged(request), sql`1 + ${hasChanged(request, 'status')}`),
    statusChangedEvent(request),
    insertUpdatedEvent(request, request.events.updated, false),
  ]
}

/** Ends the batch with `refused: status` where a change of status starts from one that it may not start from. */
function expectStatus({ caller, ticketId, change, statusesBefore }: ChangeRequest): Statement[] {
  if (statusesBefore === null || change.status === undefined) return []
  const allowed = JSON.stringify([...statusesBefore, change.status])
  return [
    abortIf(
      'status',
      sql`FROM tickets t WHERE ${visibleTicket(caller, ticketId)} AND t.status NOT IN (SELECT value FROM json_each(${allowed}))`,
    ),
  ]
}

interface FieldChange {
  column: string
  /** The new value, in terms of the live row. */
  value: SQL
  /** Whether the column holds JSON already. */
  isJson: boolean
}

function newValues({ tags, customFields, ...plain }: TicketChange): FieldChange[] {
  const columns = {
    title: plain.title,
    description: plain.description,
    status: plain.status,
    priority: plain.priority,
    created_by: plain.createdBy,
    assigned_to: plain.assignedTo,
  }
  const changes: FieldChange[] = Object.entries(columns).flatMap(([column, value]) =>
    value === undefined ? [] : [{ column, value: sql`${value}`, isJson: false }],
  )
  if (tags) changes.push({ column: 'tags', value: newTags(tags), isJson: true })
  if (customFields)
    changes.push({
      column: 'custom_fields',
      value: sql`json_patch(custom_fields, ${JSON.stringify(customFields)})`,
      isJson: true,
    })
  return changes
}

function newTags(tags: NonNullable<TicketChange['tags']>): SQL {
  if ('set' in tags) return sql`${JSON.stringify(tags.set)}`
  const [add, remove] = [JSON.stringify(tags.add), JSON.stringify(tags.remove)]
  return sql`(SELECT json_group_array(value) FROM (
    SELECT value, 0 AS part, key FROM json_each(tickets.tags)
    WHERE value NOT IN (SELECT value FROM json_each(${remove}))
    UNION ALL
    SELECT value, 1, key FROM json_each(${add}) WHERE value NOT IN (SELECT value FROM json_each(tickets.tags))
    ORDER BY part, key))`
}

function insertHistory({ caller, ticketId, changeId, now }: ChangeRequest, field: FieldChange) {
  const live = sql.raw(field.column)
  const asJson = (value: SQL) => (field.isJson ? value : sql`json_quote(${value})`)
  return run(sql`
    INSERT INTO ticket_history (account_id, ticket_id, change_id, actor_id, field, previous, current, created_at)
    SELECT account_id, id, ${changeId}, ${caller.id}, ${field.column}, ${asJson(live)}, ${asJson(field.value)},
      ${nextWriteTime(caller.accountId, { now })}
    FROM tickets
    WHERE account_id = ${caller.accountId} AND id = ${ticketId}
      AND EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTicket(caller, ticketId)})
      AND ${live} IS NOT ${field.value}`)
}

function updateTicket(request: ChangeRequest, fields: FieldChange[]) {
  const assignments = fields.map(({ column, value }) => sql`${sql.raw(column)} = ${value}`)
  return run(sql`
    UPDATE tickets SET ${sql.join([...assignments, sql`version = version + 1`], sql`, `)},
      updated_at = ${nextWriteTime(request.caller.accountId, request)}
    WHERE account_id = ${request.caller.accountId} AND id = ${request.ticketId} AND ${hasChanged(request)}`)
}

function statusChangedEvent({ caller, ticketId, changeId, events }: ChangeRequest) {
  return insertEvent({
    id: events.statusChanged,
    type: 'ticket.status_changed',
    accountId: caller.accountId,
    ticketId,
    isInternal: false,
    data: sql`json_object(
      'ticket', json_object('id', t.id, 'title', t.title),
      'status', json_object('previous', json(h.previous), 'current', json(h.current)),
      'actor', json(${actorJson(caller.accountId, caller.id)}))`,
    from: sql`tickets t JOIN ticket_history h
      ON h.account_id = t.account_id AND h.change_id = ${changeId} AND h.field = 'status'
      WHERE t.account_id = ${caller.accountId} AND t.id = ${ticketId}`,
    offsetFromLast: 1,
  })
}
