import { alias } from '../src/db/alias.ts'
import { render } from '../src/db/render.ts'
import { accountCounters, users } from '../src/db/schema/accounts.ts'
import { attachments, comments, ticketCounters, tickets } from '../src/db/schema/tickets.ts'
import { events } from '../src/db/schema/webhooks.ts'
import { nullable, type RowOf, selection } from '../src/db/selection.ts'
import { type SQL, sql } from '../src/db/sql.ts'
import { select } from '../src/db/statement.ts'
import { insertSelect, update } from '../src/db/write.ts'

const assignee = alias(users, 'assignee')
const author = alias(users, 'author')
const c = alias(comments, 'c')
const creator = alias(users, 'creator')
const f = alias(attachments, 'f')
const t = alias(tickets, 't')
const u = alias(users, 'u')

export const TICKET = selection({
  id: t.id,
  number: t.number,
  version: t.version,
  title: t.title,
  description: t.description,
  status: t.status,
  priority: t.priority,
  created_at: t.createdAt,
  updated_at: t.updatedAt,
  created_by_id: t.createdBy,
  created_by_name: creator.name,
  created_by_email: creator.email,
  assigned_to_id: t.assignedTo,
  assigned_to_name: nullable(assignee.name),
  assigned_to_email: nullable(assignee.email),
  tags: t.tags,
  custom_fields: t.customFields,
  public_comments: t.publicComments,
  internal_comments: t.internalComments,
  public_attachments: t.publicAttachments,
  internal_attachments: t.internalAttachments,
})
export type TicketRow = RowOf<typeof TICKET>

const COMMENT = selection({
  id: c.id,
  content: c.content,
  created_at: c.createdAt,
  created_by_id: c.createdBy,
  created_by_name: author.name,
  created_by_email: author.email,
  is_internal: c.isInternal,
})
export type CommentRow = RowOf<typeof COMMENT>

const ATTACHMENT = selection({
  id: f.id,
  comment_id: f.commentId,
  filename: f.filename,
  size: f.size,
  mime_type: f.mimeType,
  sha256: f.sha256,
  created_at: f.createdAt,
})
export type AttachmentRow = RowOf<typeof ATTACHMENT>

const EVENT = selection({
  sequence: events.sequence,
  id: events.id,
  type: events.type,
  data: events.data,
  created_at: events.createdAt,
})
export type EventRow = RowOf<typeof EVENT>

export const MEMBERS = sql`
  JOIN ${creator} ON ${creator.accountId} = ${t.accountId} AND ${creator.id} = ${t.createdBy}
  LEFT JOIN ${assignee} ON ${assignee.accountId} = ${t.accountId} AND ${assignee.id} = ${t.assignedTo}`

/** A parameter, whose value is bound when the statement runs: the text is rendered only once. */
const VALUE = sql<never>`?`

export const DETAIL = {
  ticket: textOf(select(TICKET, sql`FROM ${t} ${MEMBERS} WHERE ${t.accountId} = ? AND ${t.id} = ?`).query),
  comments: textOf(
    select(
      COMMENT,
      sql`FROM (
        SELECT ${c.rowId} FROM ${c} WHERE ${c.accountId} = ? AND ${c.ticketId} = ? ORDER BY ${c.rowId} DESC LIMIT ?) latest
      CROSS JOIN ${c} ON ${c.rowId} = latest.${comments.rowId} AND ${c.accountId} = ?
      JOIN ${author} ON ${author.accountId} = ${c.accountId} AND ${author.id} = ${c.createdBy}
      ORDER BY ${c.rowId}`,
    ).query,
  ),
  attachments: textOf(sql`
    SELECT * FROM (
      SELECT ${f.rowId}, ${ATTACHMENT.list} FROM ${f}
      WHERE ${f.accountId} = ? AND ${f.ticketId} = ? ORDER BY ${f.rowId} DESC LIMIT ?)
    ORDER BY ${attachments.rowId}`),
}

export const RESERVE_NUMBER = textOf(
  update(
    accountCounters,
    {
      ticketNumber: sql`${accountCounters.ticketNumber} + 1`,
      eventSequence: sql`${accountCounters.eventSequence} + 1`,
    },
    sql`${accountCounters.accountId} = ?`,
  ).query,
)

export const INSERT_TICKET = textOf(
  insertSelect(tickets, {
    accountId: VALUE,
    id: VALUE,
    number: sql`(SELECT ${accountCounters.ticketNumber} FROM ${accountCounters} WHERE ${accountCounters.accountId} = ?)`,
    version: sql`1`,
    title: VALUE,
    description: VALUE,
    status: VALUE,
    priority: VALUE,
    createdBy: VALUE,
    assignedTo: VALUE,
    tags: VALUE,
    customFields: VALUE,
    createdAt: VALUE,
    updatedAt: VALUE,
  }).query,
)

export const CREATED_EVENT = sql<string>`json_object('ticket', json(${TICKET.json}), 'attachments', json((
    SELECT json_group_array(${ATTACHMENT.json}) FROM ${f}
    WHERE ${f.accountId} = ${t.accountId} AND ${f.ticketId} = ${t.id} AND ${f.commentId} IS NULL)))`

export const INSERT_EVENT = textOf(
  insertSelect(
    events,
    {
      accountId: VALUE,
      sequence: sql`(SELECT ${accountCounters.eventSequence} FROM ${accountCounters} WHERE ${accountCounters.accountId} = ?)`,
      id: VALUE,
      type: sql`'ticket.created'`,
      ticketId: t.id,
      isInternal: sql`0`,
      data: CREATED_EVENT,
      createdAt: t.createdAt,
    },
    sql`FROM ${t} ${MEMBERS} WHERE ${t.accountId} = ? AND ${t.id} = ?`,
  ).query,
)

export const STATS = {
  fields: textOf(
    select(
      { status: ticketCounters.status, priority: ticketCounters.priority, count: ticketCounters.count },
      sql`FROM ${ticketCounters} WHERE ${ticketCounters.accountId} = ? AND ${ticketCounters.dimension} = 'all'
        AND ${ticketCounters.value} = '' AND ${ticketCounters.count} > 0`,
    ).query,
  ),
  assignees: textOf(sql`
    SELECT c.count, ${u.id}, ${u.name}, ${u.email} FROM (
      SELECT ${ticketCounters.value} AS value, sum(${ticketCounters.count}) AS count FROM ${ticketCounters}
      WHERE ${ticketCounters.accountId} = ?1 AND ${ticketCounters.dimension} = 'assignee'
      GROUP BY ${ticketCounters.value} HAVING sum(${ticketCounters.count}) > 0) c
    LEFT JOIN ${u} ON ${u.accountId} = ?1 AND ${u.id} = c.value
    ORDER BY c.count DESC, ${u.id}`),
}

export const EVENTS = {
  oldest: textOf(
    select({ oldest: sql`min(${events.sequence})` }, sql`FROM ${events} WHERE ${events.accountId} = ?`).query,
  ),
  page: textOf(
    select(
      EVENT,
      sql`FROM ${events} WHERE ${events.accountId} = ? AND ${events.sequence} > 0 ORDER BY ${events.sequence} LIMIT ?`,
    ).query,
  ),
}

/** The text of a query without values. */
export function textOf(query: SQL): string {
  return render(query).text
}
