import { DurableObject } from 'cloudflare:workers'
import {
  type CommentRow,
  DETAIL,
  INSERT_EVENT,
  INSERT_TICKET,
  LIST_COUNT,
  LIST_PAGE,
  presentComment,
  presentListItem,
  TAKE_NUMBER,
  type TicketRow,
} from './floor-sql.ts'
import { ACCOUNT_ID, CALLER_ID } from './world.ts'

/**
 * What the platform allows: the routes that are measured, by hand, with the calls that the service makes for them (one
 * to the caller's Durable Object, one batch of the same SQL to D1) and nothing else. It checks nothing.
 */

interface Env {
  DB: D1Database
  RATE_LIMITER: DurableObjectNamespace<RateLimiter>
}

const PER_PAGE = 20
const LATEST = 100
const MINUTE = 60_000
const TICKETS = '/api/v1/tickets'
const HEALTH = { status: 'ok', version: '0.1.0', checks: { database: 'ok', files: 'ok', rate_limiter: 'ok' } }

/** Counts as the service's own does: one row read and one written, in the object's storage, without a pause. */
export class RateLimiter extends DurableObject<Env> {
  constructor(state: DurableObjectState, env: Env) {
    super(state, env)
    this.ctx.storage.sql.exec(`
      CREATE TABLE IF NOT EXISTS caller (
        id INTEGER PRIMARY KEY CHECK (id = 1), minute INTEGER NOT NULL, count INTEGER NOT NULL, wrote_at INTEGER NOT NULL);
      INSERT OR IGNORE INTO caller VALUES (1, 0, 0, 0)`)
  }

  admit(writes: boolean): { count: number; resetAt: number } {
    const now = Date.now()
    const { sql } = this.ctx.storage
    const row = sql
      .exec<{ minute: number; count: number; wrote_at: number }>('SELECT minute, count, wrote_at FROM caller')
      .one()
    const minute = Math.floor(now / MINUTE)
    const count = minute === row.minute ? row.count + 1 : 1
    sql.exec('UPDATE caller SET minute = ?, count = ?, wrote_at = ?', minute, count, writes ? now : row.wrote_at)
    return { count, resetAt: ((minute + 1) * MINUTE) / 1_000 }
  }
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    if (pathname === '/health') return Response.json(HEALTH)
    if (request.method === 'POST') {
      await admit(env, true)
      return createTicket(env, await request.json())
    }
    const answer = pathname === TICKETS ? listTickets(env) : getTicket(env, pathname.slice(TICKETS.length + 1))
    await admit(env, false)
    return answer
  },
} satisfies ExportedHandler<Env>

function admit(env: Env, writes: boolean) {
  return env.RATE_LIMITER.getByName(`member:${ACCOUNT_ID}/${CALLER_ID}`).admit(writes)
}

async function listTickets(env: Env): Promise<Response> {
  const [count, page] = await batch<[{ total: number }, TicketRow]>(env, [
    env.DB.prepare(LIST_COUNT).bind(ACCOUNT_ID, 'all', ''),
    env.DB.prepare(LIST_PAGE).bind(ACCOUNT_ID, PER_PAGE, 0, ACCOUNT_ID),
  ])
  const total = count[0]?.total ?? 0
  const pagination = {
    total,
    per_page: PER_PAGE,
    current_page: 1,
    last_page: Math.max(1, Math.ceil(total / PER_PAGE)),
    next_page_url: total > PER_PAGE ? `${TICKETS}?page=2` : null,
    prev_page_url: null,
  }
  return Response.json({ data: page.map(presentListItem), pagination })
}

async function getTicket(env: Env, id: string): Promise<Response> {
  const [tickets, comments, attachments] = await batch<[TicketRow, CommentRow, unknown]>(env, [
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
    attachments,
    attachment_count: row.public_attachments + row.internal_attachments,
    custom_fields: JSON.parse(row.custom_fields),
  }
  return Response.json({ data })
}

interface NewTicket {
  title: string
  description: string
  priority: string
  tags: string[]
  custom_fields: Record<string, string>
}

async function createTicket(env: Env, ticket: NewTicket): Promise<Response> {
  const now = Date.now()
  const id = newId('ticket', now)
  const tags = JSON.stringify(ticket.tags)
  const fields = JSON.stringify(ticket.custom_fields)
  const results = await batch<[never, never, never, TicketRow, unknown]>(env, [
    env.DB.prepare(TAKE_NUMBER).bind(ACCOUNT_ID),
    env.DB.prepare(INSERT_TICKET).bind(
      ...[ACCOUNT_ID, id, ACCOUNT_ID, ticket.title, ticket.description, 'open', ticket.priority, CALLER_ID, null],
      ...[tags, fields, now, now],
    ),
    env.DB.prepare(INSERT_EVENT).bind(
      ...[ACCOUNT_ID, ACCOUNT_ID, 0, newId('evt', now), 'ticket.created', id, 0, ACCOUNT_ID, id, now, ACCOUNT_ID, id],
    ),
    env.DB.prepare(DETAIL.ticket).bind(ACCOUNT_ID, id),
    env.DB.prepare(DETAIL.attachments).bind(ACCOUNT_ID, id, LATEST),
  ])
  const [row] = results[3]
  if (!row) return Response.json({ error: 'not made' }, { status: 500 })
  const data = { ...presentListItem(row), custom_fields: JSON.parse(row.custom_fields), attachments: results[4] }
  return Response.json({ data }, { status: 201, headers: { Location: `${TICKETS}/${id}` } })
}

/** Sorts by time, as the service's own do, so that indexes grow at their end. */
function newId(prefix: string, now: number): string {
  return `${prefix}_${now.toString(36)}${crypto.randomUUID().replaceAll('-', '')}`
}

type Rows<T extends readonly unknown[]> = { [K in keyof T]: T[K][] }

/** D1 gives the rows of a batch as one type; here each statement has its own. */
async function batch<T extends readonly unknown[]>(env: Env, statements: D1PreparedStatement[]): Promise<Rows<T>> {
  const results = await env.DB.batch(statements)
  return results.map(({ results }) => results) as Rows<T>
}
