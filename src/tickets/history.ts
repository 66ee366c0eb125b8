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
import { findHistory, findVisible, type HistoryRow } from './history.queries'
import { type ListHistoryInput, presentChange } from './history-schema'

const ChangePosition = positionSchema(z.object({ change: z.string(), field: z.string() }))

/** Every change of a ticket, oldest first, from a cursor on. For agents and admins. Throws 404. */
export async function listHistory({ caller, db }: ServiceContext, ticketId: string, input: ListHistoryInput) {
  const { accountId } = caller
  const scope = { list: 'history', accountId, ticketId }
  const position = readCursor(db, scope, input.cursor, ChangePosition)
  const { perPage } = pageRequest(input)
  const window = windowFrom(position, perPage)
  const [[ticket], found] = await db.batch([
    findVisible(caller, ticketId),
    findHistory(accountId, ticketId, window, MAX_PAGE_BYTES),
  ])
  if (!ticket) throw notFound()
  const placeOf = (row: HistoryRow) => ({ change: row.change_id, field: row.field })
  const { shown, cursors } = toPage(found, fitsWithin(found, perPage), position, placeOf, (at) =>
    writeCursor(db, scope, at),
  )
  return { perPage, cursors, changes: shown.map(presentChange) }
}
