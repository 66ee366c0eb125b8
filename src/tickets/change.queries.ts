import { abortIf } from '../db/abort'
import { alias } from '../db/alias'
import { jsonObject, storedJson } from '../db/json'
import { actorJson, insertEvent, reserveSequences } from '../db/outbox'
import { ticketHistory, tickets } from '../db/schema/tickets'
import { tokenText } from '../db/search-text'
import { selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import type { Statement } from '../db/statement'
import { type ChangeRecord, changedTicketId, hasChanged, insertUpdatedEvent } from '../db/ticket-change'
import { visibleTicket, visibleTicketId } from '../db/visibility'
import { insertSelect, omitUndefined, update } from '../db/write'
import { nextWriteTime } from '../db/write-time'
import type { Priority, TicketStatus } from './values'

const t = alias(tickets, 't')
const h = alias(ticketHistory, 'h')

/** The fields to change. A field that is undefined is unchanged. */
export interface TicketUpdate {
  title?: string | undefined
  description?: string | undefined
  status?: TicketStatus | undefined
  priority?: Priority | undefined
  createdBy?: string | undefined
  assignedTo?: string | null | undefined
  tags?: { set: string[] } | { add: string[]; remove: string[] } | undefined
  /** A merge patch (RFC 7396). */
  customFields?: Record<string, string | number | boolean | null> | undefined
}

/** The fields of a change in the order of their history rows, as history names them. */
const FIELDS = {
  title: 'title',
  description: 'description',
  status: 'status',
  priority: 'priority',
  createdBy: 'created_by',
  assignedTo: 'assigned_to',
  tags: 'tags',
  customFields: 'custom_fields',
} as const

interface ChangeRequest extends ChangeRecord {
  change: TicketUpdate
  /** The statuses from which the caller may set the new status; null for any. */
  allowedFrom: readonly string[] | null
  events: { statusChanged: string; updated: string }
}

/**
 * Changes a ticket without reading it first. Each field whose value differs gets a history row; the update, the sequences
 * and the events depend on those rows. For one batch, in this order.
 */
export function changeTicket(request: ChangeRequest): Statement[] {
  const values = newValues(request.change)
  const { accountId } = request.caller
  return [
    ...expectStatus(request),
    ...fieldsOf(values).map((field) => insertHistory(request, field, values[field])),
    updateTicket(request, values),
    reserveSequences(accountId, request, hasChanged(request), sql`1 + ${hasChanged(request, 'status')}`),
    insertStatusChangedEvent(request),
    insertUpdatedEvent(request, request.events.updated, false),
  ]
}

/** Aborts the batch with `refused: status` if the ticket has a status from which the caller may not set the new one. */
function expectStatus({ caller, ticketId, change, allowedFrom }: ChangeRequest): Statement[] {
  if (allowedFrom === null || change.status === undefined) return []
  const allowed = JSON.stringify([...allowedFrom, change.status])
  return [
    abortIf(
      'status',
      sql`FROM ${t} WHERE ${visibleTicket(caller, ticketId)}
        AND ${t.status} NOT IN (SELECT value FROM json_each(${allowed}))`,
    ),
  ]
}

/** The new value of each field; of tags and custom fields as an expression for a statement on `tickets`. */
function newValues({ tags, customFields, ...plain }: TicketUpdate) {
  return { ...plain, tags: tags && newTags(tags), customFields: customFields && newCustomFields(customFields) }
}

function newTags(tags: NonNullable<TicketUpdate['tags']>): SQL<string> {
  if ('set' in tags) return sql`${JSON.stringify(tags.set)}`
  const [add, remove] = [JSON.stringify(tags.add), JSON.stringify(tags.remove)]
  return sql`(SELECT json_group_array(value) FROM (
    SELECT value, 0 AS is_added, key FROM json_each(${tickets.tags})
    WHERE value NOT IN (SELECT value FROM json_each(${remove}))
    UNION ALL
    SELECT value, 1, key FROM json_each(${add}) WHERE value NOT IN (SELECT value FROM json_each(${tickets.tags}))
    ORDER BY is_added, key))`
}

function newCustomFields(patch: NonNullable<TicketUpdate['customFields']>): SQL<string> {
  return sql`json_patch(${tickets.customFields}, ${JSON.stringify(patch)})`
}

type NewValues = ReturnType<typeof newValues>
type Field = keyof typeof FIELDS

function fieldsOf(values: NewValues): Field[] {
  return (Object.keys(FIELDS) as Field[]).filter((field) => values[field] !== undefined)
}

function insertHistory({ caller, ticketId, changeId, now }: ChangeRequest, field: Field, value: NewValues[Field]) {
  const current = tickets[field]
  const isJson = field === 'tags' || field === 'customFields'
  const asJson = (text: unknown) => (isJson ? sql<string>`${text}` : sql<string>`json_quote(${text})`)
  return insertSelect(
    ticketHistory,
    {
      accountId: tickets.accountId,
      ticketId: tickets.id,
      changeId,
      actorId: caller.id,
      field: FIELDS[field],
      previous: asJson(current),
      current: asJson(value),
      createdAt: nextWriteTime(caller.accountId, { now }),
    },
    sql`FROM ${tickets}
      WHERE ${tickets.accountId} = ${caller.accountId} AND ${tickets.id} = ${visibleTicketId(caller, ticketId)}
        AND ${current} IS NOT ${value}`,
  )
}

function updateTicket(request: ChangeRequest, values: NewValues) {
  const { accountId } = request.caller
  return update(
    tickets,
    {
      ...omitUndefined({ ...values, ...tokensOf(request) }),
      version: sql`${tickets.version} + 1`,
      updatedAt: nextWriteTime(accountId, request),
    },
    sql`${tickets.accountId} = ${accountId} AND ${tickets.id} = ${changedTicketId(request)}`,
  )
}

function tokensOf({ caller: { accountId }, change: { title, description } }: ChangeRequest) {
  return {
    titleTokens: title === undefined ? undefined : tokenText(accountId, title),
    descriptionTokens: description === undefined ? undefined : tokenText(accountId, description),
  }
}

const TITLE = selection({ id: t.id, title: t.title })

export function insertStatusChangedEvent({ caller, ticketId, changeId, events }: ChangeRequest) {
  return insertEvent({
    id: events.statusChanged,
    type: 'ticket.status_changed',
    accountId: caller.accountId,
    ticketId,
    isInternal: false,
    data: jsonObject({
      ticket: TITLE.json,
      status: jsonObject({
        previous: storedJson<TicketStatus>(h.previous),
        current: storedJson<TicketStatus>(h.current),
      }),
      actor: actorJson(caller.accountId, caller.id),
    }),
    from: sql`${h} CROSS JOIN ${t} ON ${t.accountId} = ${h.accountId} AND ${t.id} = ${h.ticketId}
      WHERE ${h.accountId} = ${caller.accountId} AND ${h.changeId} = ${changeId} AND ${h.field} = 'status'`,
    offsetFromLast: 1,
  })
}
