import { z } from '@hono/zod-openapi'
import type { Bindings } from '../core/config'
import { cursorExpired } from '../core/errors'
import { openDirectory } from '../db/client'
import { fitsWithin, MAX_PAGE_BYTES, readCursor, writeCursor } from '../http/pagination/cursor'
import type { ServiceContext } from '../service/context'
import {
  deleteOldEvents,
  findEventBounds,
  findEvents,
  measureEventScan,
  scanSize,
  skipEventsWithoutWebhooks,
} from './queries'
import { type ListEventsInput, presentEvent } from './schema'

export type { EventRow } from './queries'
export { EVENT_TYPES, EVENTS, Event, type EventBody, LISTED_TYPES, presentEvent } from './schema'

const ROWS_A_STATEMENT = 500
const STATEMENTS_A_SWEEP = 10

const Sequence = z.number().int().min(0)

/**
 * The account's events, oldest first, from a cursor on. For agents and admins. Throws 410 for a cursor whose next events
 * are not kept any more. A page may be short, or empty, while there is more: it holds 4 MiB, and a filter by type looks
 * through 1,000 events.
 */
export async function listEvents({ caller, db }: ServiceContext, input: ListEventsInput) {
  const { accountId } = caller
  const scope = { list: 'events', accountId, event: input.event?.toSorted(), ticket_id: input.ticket_id }
  const after = readCursor(db, scope, input.cursor, Sequence)
  const perPage = input.per_page ?? 20
  const filter = { types: input.event, ticketId: input.ticket_id }
  const [[bounds], found, [scan]] = await db.batch([
    findEventBounds(accountId),
    findEvents(accountId, after ?? 0, filter, perPage + 1, MAX_PAGE_BYTES),
    measureEventScan(accountId, after ?? 0, filter, perPage + 1),
  ])
  const oldest = bounds?.oldest ?? (bounds?.newest ?? 0) + 1
  if (after !== null && after < oldest - 1) throw cursorExpired(oldest)
  const shown = found.slice(0, fitsWithin(found, perPage))
  const isCut = found.length > shown.length
  const hasMore = isCut || scan?.scanned === scanSize(filter, perPage + 1)
  const seen = isCut ? shown.at(-1)?.sequence : scan?.last
  // At the end it is the account's newest event: a ticket that is silent for long must not leave its cursor behind.
  const end = hasMore ? seen : bounds?.newest
  return {
    events: shown.map(presentEvent),
    pagination: {
      per_page: perPage,
      next_cursor: writeCursor(db, scope, Math.max(after ?? 0, end ?? 0)),
      has_more: hasMore,
    },
  }
}

/** Forgets events that are kept no longer, in all accounts: at most 500 rows a statement, 5,000 a sweep. */
export async function sweepEvents(env: Bindings, retentionMs: number, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let statements = 0; statements < STATEMENTS_A_SWEEP; statements += 1) {
    const deleted = await directory.all(deleteOldEvents(now - retentionMs, ROWS_A_STATEMENT))
    if (deleted.length < ROWS_A_STATEMENT) return
  }
}

/** Passes over the events of accounts that nobody listens to. */
export async function skipAccountsWithoutWebhooks(env: Bindings): Promise<void> {
  await openDirectory(env).all(skipEventsWithoutWebhooks(ROWS_A_STATEMENT))
}
