import type { ServiceContext } from '../context'
import { BYTES_A_PAGE, writeCursor } from '../http/cursor'
import { logFailure } from '../http/logging'
import { placeOf, readTicketCursor, wishOf } from './list'
import { findTicketsWithin, type TicketPlace } from './list.queries'
import { type ExportTicketsInput, presentTicketSnapshot } from './schema'

/** D1 answers 1,000 queries in an invocation. */
const PAGES = 500
const TICKETS_A_PAGE = 200

/**
 * All matching tickets as lines of JSON, and a last line with the cursor to go on from, null when all was sent. For
 * agents and admins. Throws as a list does before the first line; a failure after that ends the lines with the cursor.
 */
export async function exportTickets(ctx: ServiceContext, input: ExportTicketsInput): Promise<ReadableStream> {
  const { caller, db } = ctx
  const { filter, sorting, scope } = wishOf(ctx, input)
  const start = readTicketCursor(db, scope, input.cursor)
  const findPage = (beyond: TicketPlace | null) => {
    const slice = { limit: TICKETS_A_PAGE, beyond, towards: 'next' } as const
    return db.all(findTicketsWithin(caller, filter, sorting, slice, BYTES_A_PAGE))
  }

  let page = await findPage(start?.place ?? null)
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
      const cursor = writeCursor(db, scope, { towards: 'next', place: placeOf(last) })
      pages += 1
      if (pages === PAGES) return end(cursor)
      try {
        page = await findPage(placeOf(last))
      } catch (error) {
        logFailure('export', error, { account_id: caller.accountId })
        end(cursor)
      }
    },
  })
}
