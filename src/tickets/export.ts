import { logFailure } from '../core/log'
import { isCallerRejected } from '../db/errors'
import { searchBatch } from '../db/search-ready'
import { encodePosition, fitsWithin, inOrder, MAX_PAGE_BYTES, writeCursor } from '../http/pagination/cursor'
import type { ServiceContext } from '../service/context'
import type { TicketFilter } from './filter.queries'
import type { ExportTicketsInput } from './filter-schema'
import { cursorKeyOf, parseListQuery, readTicketCursor } from './list'
import { findExportedTickets, type TicketCursorKey } from './list.queries'
import { presentTicketSnapshot } from './schema'

/** D1 allows 1,000 queries in an invocation. */
const MAX_PAGES = 500
const TICKETS_PER_PAGE = 200

/**
 * All matching tickets as NDJSON. The last line has the cursor to continue from, or null if all tickets were sent. For agents
 * and admins. Throws as a list does, but only before the first line: a later failure ends the export with the cursor. The
 * caller is verified again for each further page, because a client can take hours to read them.
 */
export async function exportTickets(ctx: ServiceContext, input: ExportTicketsInput): Promise<ReadableStream> {
  const { caller, db } = ctx
  const { filter, sorting, scope } = parseListQuery(ctx, input)
  const start = readTicketCursor(db, scope, input.cursor)
  const pageAfter = (after: TicketCursorKey | null) => {
    const window = { limit: TICKETS_PER_PAGE, after, direction: 'next' } as const
    return (complete: TicketFilter) => ({
      tickets: findExportedTickets(caller, complete, sorting, window, MAX_PAGE_BYTES),
    })
  }
  const findNextPage = async (after: TicketCursorKey) => {
    const primary = db.onPrimary()
    const verified = { batch: primary.verifiedBatch.bind(primary) }
    return fitting((await searchBatch(verified, filter, pageAfter(after))).tickets)
  }

  let page = fitting((await searchBatch(db, filter, pageAfter(start?.key ?? null))).tickets)
  let pages = 0
  const encoder = new TextEncoder()

  return new ReadableStream({
    async pull(controller) {
      const last = page.at(-1)
      const send = (lines: string[]) => controller.enqueue(encoder.encode(lines.map((line) => `${line}\n`).join('')))
      const end = (next: string | null) => {
        send([JSON.stringify({ next_cursor: next })])
        controller.close()
      }
      if (!last) return end(null)
      send(page.map((row) => JSON.stringify(presentTicketSnapshot(row))))
      const cursor = writeCursor(db, scope, encodePosition({ direction: 'next', key: cursorKeyOf(last) }))
      pages += 1
      if (pages === MAX_PAGES) return end(cursor)
      try {
        page = await findNextPage(cursorKeyOf(last))
      } catch (error) {
        if (!isCallerRejected(error)) logFailure('export tickets', error, { account_id: caller.accountId })
        end(cursor)
      }
    },
  })
}

function fitting<Row extends { bytes_so_far: number }>(tickets: Row[]): Row[] {
  return inOrder(tickets).slice(0, fitsWithin(tickets, TICKETS_PER_PAGE))
}
