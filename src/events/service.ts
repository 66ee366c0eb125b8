import { z } from '@hono/zod-openapi'
import type { Bindings } from '../core/config'
import { cursorExpired } from '../core/errors'
import { type DirectoryDb, openDirectory } from '../db/client'
import { fitsWithin, MAX_PAGE_BYTES, readCursor, writeCursor } from '../http/pagination/cursor'
import { retryTransient } from '../lib/retry'
import type { ServiceContext } from '../service/context'
import {
  deleteOldEvents,
  findAccountsWithEvents,
  findEventBounds,
  findEvents,
  measureEventScan,
  scanSize,
  skipEventsWithoutWebhooks,
} from './queries'
import { type ListEventsInput, presentEvent } from './schema'

export type { EventRow } from './queries'
export { EVENT_TYPES, EVENTS, Event, type EventBody, LISTED_TYPES, presentEvent } from './schema'

const ACCOUNTS_PER_SWEEP = 100
const ROWS_PER_STATEMENT = 500
const STATEMENTS_PER_SWEEP = 10

const Sequence = z.number().int().min(0)

/**
 * The account's events after a cursor, oldest first. For agents and admins. Throws 410 if the next events are no longer
 * retained. A page may be short, or empty, although there are more: it has at most 4 MiB, and a filter by type scans 1,000
 * events.
 */
export async function listEvents({ caller, db }: ServiceContext, input: ListEventsInput) {
  const { accountId } = caller
  const scope = { list: 'events', accountId, event: input.event?.toSorted(), ticket_id: input.ticket_id }
  const after = readCursor(db, scope, input.cursor, Sequence)
  const perPage = input.per_page ?? 20
  const filter = { types: input.event, ticketId: input.ticket_id }
  const {
    bounds: [bounds],
    events,
    scan: [scan],
  } = await db.batch({
    bounds: findEventBounds(accountId),
    events: findEvents(accountId, after ?? 0, filter, perPage + 1, MAX_PAGE_BYTES),
    scan: measureEventScan(accountId, after ?? 0, filter, perPage + 1),
  })
  const oldest = bounds?.oldest ?? (bounds?.newest ?? 0) + 1
  if (after !== null && after < oldest - 1) throw cursorExpired(oldest)
  const shown = events.slice(0, fitsWithin(events, perPage))
  const isCut = events.length > shown.length
  const hasMore = isCut || scan?.scanned === scanSize(filter, perPage + 1)
  const lastScanned = isCut ? shown.at(-1)?.sequence : scan?.last
  // At the end the cursor moves to the account's newest event: that of a quiet ticket would expire otherwise.
  const end = hasMore ? lastScanned : bounds?.newest
  return {
    events: shown.map(presentEvent),
    pagination: {
      per_page: perPage,
      next_cursor: writeCursor(db, scope, Math.max(after ?? 0, end ?? 0)),
      has_more: hasMore,
    },
  }
}

/**
 * Deletes events that are older than the retention, of at most 100 accounts after an ID, and at most 5,000 in a sweep. Returns the
 * ID to continue after the next time. Row IDs say nothing about the age of an event: a restored account has new ones.
 */
export async function sweepEvents(env: Bindings, after: string, retentionMs: number, now: number): Promise<string> {
  const directory = openDirectory(env)
  const before = now - retentionMs
  const accounts = await directory.all(findAccountsWithEvents(after, before, ACCOUNTS_PER_SWEEP))
  const withOld = accounts.filter(({ has_old }) => has_old === 1).map(({ account_id }) => account_id)
  if (!(await deleteEvents(directory, withOld, before))) return after
  return accounts.length < ACCOUNTS_PER_SWEEP ? '' : (accounts.at(-1)?.account_id ?? '')
}

/** Whether all were deleted. */
async function deleteEvents(directory: DirectoryDb, accountIds: string[], before: number): Promise<boolean> {
  for (let statements = 0; accountIds.length > 0; statements += 1) {
    if (statements === STATEMENTS_PER_SWEEP) return false
    const deleted = await retryTransient(() => directory.all(deleteOldEvents(accountIds, before, ROWS_PER_STATEMENT)))
    if (deleted.length < ROWS_PER_STATEMENT) return true
  }
  return true
}

export async function skipAccountsWithoutWebhooks(env: Bindings): Promise<void> {
  await retryTransient(() => openDirectory(env).all(skipEventsWithoutWebhooks(ROWS_PER_STATEMENT)))
}
