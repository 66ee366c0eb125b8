import { DurableObject } from 'cloudflare:workers'
import { ACCOUNT_ID, CALLER_ID } from './dataset.ts'
import {
  createTicket,
  type FloorEnv,
  getTicket,
  listEvents,
  listTickets,
  listTicketsByCursor,
  ticketStats,
} from './floor-responses.ts'

/**
 * The lower bound on this platform: hand-written responses of the measured routes with the same calls as the service
 * (one to the caller's Durable Object, one batch to D1) and no checks.
 */

interface Env extends FloorEnv {
  RATE_LIMITER: DurableObjectNamespace<RateLimiter>
}

const MINUTE = 60_000
const TICKETS = '/api/v1/tickets'
const CHECKS = { database: 'ok', files: 'ok', rate_limiter: 'ok', sweeper: 'ok' }
const HEALTH = { status: 'ok', version: '0.1.0', checks: CHECKS }

/** Counts like the service: reads and writes one row in the object's storage. */
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
    const url = new URL(request.url)
    if (url.pathname === '/health') return Response.json(HEALTH)
    if (request.method === 'POST') {
      await admit(env, true)
      return createTicket(env, await request.json())
    }
    const response = read(env, url)
    await admit(env, false)
    return (await response) ?? Response.json({ error: 'not measured' }, { status: 404 })
  },
} satisfies ExportedHandler<Env>

function read(env: Env, url: URL): Promise<Response> | null {
  const cursor = url.searchParams.get('cursor')
  if (url.pathname === '/api/v1/events') return listEvents(env)
  if (url.pathname === `${TICKETS}/stats`) return ticketStats(env)
  if (url.pathname !== TICKETS) return getTicket(env, url)
  return cursor === null ? listTickets(env, url) : listTicketsByCursor(env, cursor)
}

function admit(env: Env, writes: boolean) {
  return env.RATE_LIMITER.getByName(`member:${ACCOUNT_ID}/${CALLER_ID}`).admit(writes)
}
