import { z } from '@hono/zod-openapi'
import { notFound } from '../core/errors'
import {
  fitsWithin,
  MAX_PAGE_BYTES,
  positionSchema,
  readCursor,
  toPage,
  windowFrom,
  writeCursor,
} from '../http/pagination/cursor'
import { pageRequest } from '../http/pagination/page'
import type { ServiceContext } from '../service/context'
import { findHistory, findVisibleTicket, type HistoryRow } from './history.queries'
import { type ListHistoryInput, presentChange } from './history-schema'

const ChangePosition = positionSchema(z.object({ change: z.string(), field: z.string() }))

/** A page of the changes of a ticket, oldest first, after a cursor. For agents and admins. Throws 404. */
export async function listHistory({ caller, db }: ServiceContext, ticketId: string, input: ListHistoryInput) {
  const { accountId } = caller
  const scope = { list: 'history', accountId, ticketId }
  const position = readCursor(db, scope, input.cursor, ChangePosition)
  const { perPage } = pageRequest(input)
  const window = windowFrom(position, perPage)
  const { ticket, changes } = await db.batch({
    ticket: findVisibleTicket(caller, ticketId),
    changes: findHistory(accountId, ticketId, window, MAX_PAGE_BYTES),
  })
  if (ticket.length === 0) throw notFound()
  const keyOf = (row: HistoryRow) => ({ change: row.change_id, field: row.field })
  const { shown, cursors } = toPage(changes, fitsWithin(changes, perPage), position, keyOf, (at) =>
    writeCursor(db, scope, at),
  )
  return { perPage, cursors, changes: shown.map(presentChange) }
}
