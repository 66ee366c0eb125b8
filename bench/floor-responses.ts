import { moveCursor, positionOf } from './cursors.ts'
import { ACCOUNT_ID, CALLER_ID } from './dataset.ts'
import { FLOOR_LISTS, type FloorList, pageAfter } from './floor-lists.ts'
import { fileSigner, presentComment, presentEvent, presentListItem } from './floor-present.ts'
import {
  type AttachmentRow,
  type CommentRow,
  DETAIL,
  EVENTS,
  type EventRow,
  INSERT_EVENT,
  INSERT_TICKET,
  RESERVE_NUMBER,
  STATS,
  type TicketRow,
} from './floor-sql.ts'
import { FAR, LISTS, PER_PAGE } from './lists.ts'

/** The floor's responses: one batch of SQL each, and the rows as JSON. */

export interface FloorEnv {
  DB: D1Database
  APP_SECRET: string
}

const LATEST = 100
const TICKETS = '/api/v1/tickets'

/** Null if the list is not measured. */
export function listTickets(env: FloorEnv, { search }: URL): Promise<Response> | null {
  const query = search.slice(1)
  const list = FLOOR_LISTS.get(query)
  return list ? respondWithPage(env, query, list) : null
}

async function respondWithPage(env: FloorEnv, query: string, list: FloorList): Promise<Response> {
  const [count, page] = await batch<[{ total: number }, TicketRow]>(
    env,
    [list.count, list.page].map(([sql, ...values]) => env.DB.prepare(sql).bind(...values)),
  )
  const total = count[0]?.total ?? 0
  const current = query === LISTS.farPage ? FAR / PER_PAGE + 1 : 1
  const last = Math.max(1, Math.ceil(total / PER_PAGE))
  const pagination = {
    total,
    per_page: PER_PAGE,
    current_page: current,
    last_page: last,
    next_page_url: current < last ? addressOf(query, 'page', String(current + 1)) : null,
    prev_page_url: current > 1 ? addressOf(query, 'page', String(Math.min(current - 1, last))) : null,
  }
  return Response.json({ data: page.map(presentListItem), pagination })
}

/** Reads the service's cursors, and writes similar ones. */
export async function listTicketsByCursor(env: FloorEnv, cursor: string): Promise<Response> {
  const { at, number } = positionOf(cursor)
  const [sql, ...values] = pageAfter(at, number)
  const [found] = await batch<[TicketRow]>(env, [env.DB.prepare(sql).bind(...values)])
  const shown = found.slice(0, PER_PAGE)
  const cursorAt = (row: TicketRow | undefined) =>
    row ? moveCursor(cursor, { at: row.created_at, number: row.number }) : null
  const next = found.length > PER_PAGE ? cursorAt(shown.at(-1)) : null
  const prev = cursorAt(shown[0])
  const pagination = {
    per_page: PER_PAGE,
    next_cursor: next,
    prev_cursor: prev,
    next_page_url: next && addressOf('', 'cursor', next),
    prev_page_url: prev && addressOf('', 'cursor', prev),
  }
  return Response.json({ data: shown.map(presentListItem), pagination })
}

function addressOf(search: string, name: string, value: string): string {
  const query = new URLSearchParams(search)
  query.set(name, value)
  return `${TICKETS}?${query}`
}

/** With the latest comments and attachments. */
export async function getTicket(env: FloorEnv, { origin, pathname }: URL): Promise<Response> {
  const id = pathname.slice(TICKETS.length + 1)
  const [tickets, comments, attachments] = await batch<[TicketRow, CommentRow, AttachmentRow]>(env, [
    env.DB.prepare(DETAIL.ticket).bind(ACCOUNT_ID, id),
    env.DB.prepare(DETAIL.comments).bind(ACCOUNT_ID, id, LATEST, ACCOUNT_ID),
    env.DB.prepare(DETAIL.attachments).bind(ACCOUNT_ID, id, LATEST),
  ])
  const [row] = tickets
  if (!row) return Response.json({ error: 'not found' }, { status: 404 })
  const data = {
    ...presentListItem(row),
    comments: comments.map(presentComment),
    comment_count: row.public_comments + row.internal_comments,
    attachments: attachments.length > 0 ? attachments.map(fileSigner(env.APP_SECRET, origin)) : [],
    attachment_count: row.public_attachments + row.internal_attachments,
    custom_fields: JSON.parse(row.custom_fields),
  }
  return Response.json({ data })
}

interface Count {
  status: string
  priority: string
  count: number
}

type Assignee = { count: number } & ({ id: string; name: string; email: string } | { id: null })

export async function ticketStats(env: FloorEnv): Promise<Response> {
  const [fields, assignees] = await batch<[Count, Assignee]>(env, [
    env.DB.prepare(STATS.fields).bind(ACCOUNT_ID),
    env.DB.prepare(STATS.assignees).bind(ACCOUNT_ID),
  ])
  const by_status: Record<string, number> = { open: 0, in_progress: 0, resolved: 0, closed: 0 }
  const by_priority: Record<string, number> = { low: 0, medium: 0, high: 0, critical: 0 }
  let total = 0
  for (const { status, priority, count } of fields) {
    by_status[status] = (by_status[status] ?? 0) + count
    by_priority[priority] = (by_priority[priority] ?? 0) + count
    total += count
  }
  const by_assignee = assignees.map(({ count, ...user }) => ({ assigned_to: user.id === null ? null : user, count }))
  return Response.json({ data: { total, by_status, by_priority, by_assignee } })
}

export async function listEvents(env: FloorEnv): Promise<Response> {
  const [, found] = await batch<[{ oldest: number }, EventRow]>(env, [
    env.DB.prepare(EVENTS.oldest).bind(ACCOUNT_ID),
    env.DB.prepare(EVENTS.page).bind(ACCOUNT_ID, PER_PAGE + 1),
  ])
  const shown = found.slice(0, PER_PAGE)
  const next_cursor = Buffer.from(JSON.stringify(shown.at(-1)?.sequence ?? 0)).toString('base64url')
  const pagination = { per_page: PER_PAGE, next_cursor, has_more: found.length > PER_PAGE }
  return Response.json({ data: shown.map(presentEvent), pagination })
}

interface NewTicket {
  title: string
  description: string
  priority: string
  tags: string[]
  custom_fields: Record<string, string>
}

/** Inserts the ticket with its event. */
export async function createTicket(env: FloorEnv, ticket: NewTicket): Promise<Response> {
  const now = Date.now()
  const id = newId('ticket', now)
  const results = await batch<[never, never, never, TicketRow, never]>(env, [
    env.DB.prepare(RESERVE_NUMBER).bind(ACCOUNT_ID),
    env.DB.prepare(INSERT_TICKET).bind(
      ...[ACCOUNT_ID, id, ACCOUNT_ID, ticket.title, ticket.description, 'open', ticket.priority, CALLER_ID, null],
      ...[JSON.stringify(ticket.tags), JSON.stringify(ticket.custom_fields), now, now],
    ),
    env.DB.prepare(INSERT_EVENT).bind(ACCOUNT_ID, ACCOUNT_ID, newId('evt', now), ACCOUNT_ID, id),
    env.DB.prepare(DETAIL.ticket).bind(ACCOUNT_ID, id),
    env.DB.prepare(DETAIL.attachments).bind(ACCOUNT_ID, id, LATEST),
  ])
  const [row] = results[3]
  if (!row) return Response.json({ error: 'not made' }, { status: 500 })
  const data = { ...presentListItem(row), custom_fields: JSON.parse(row.custom_fields), attachments: results[4] }
  return Response.json({ data }, { status: 201, headers: { Location: `${TICKETS}/${id}` } })
}

/** Sorts by time like the service's IDs, so that indexes grow at their end. */
function newId(prefix: string, now: number): string {
  return `${prefix}_${now.toString(36)}${crypto.randomUUID().replaceAll('-', '')}`
}

type Rows<T extends readonly unknown[]> = { [K in keyof T]: T[K][] }

/** D1 types all rows of a batch alike; here each statement has its own type. */
async function batch<T extends readonly unknown[]>(env: FloorEnv, statements: D1PreparedStatement[]): Promise<Rows<T>> {
  const results = await env.DB.batch(statements)
  return results.map(({ results }) => results) as Rows<T>
}
