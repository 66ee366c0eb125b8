import { z } from '@hono/zod-openapi'
import { seesAllTickets } from '../core/policy'
import type { AccountDb } from '../db/client'
import {
  type CursorScope,
  type Position,
  positionSchema,
  readCursor,
  toPage,
  windowFrom,
  writeCursor,
} from '../http/pagination/cursor'
import { offsetOf, pageRequest } from '../http/pagination/page'
import type { ServiceContext } from '../service/context'
import { countTickets } from './count.queries'
import type { TicketFilter } from './filter.queries'
import { findTickets, type ListedTicket, type TicketCursorKey, type TicketSorting } from './list.queries'
import { type ExportTicketsInput, type ListTicketsInput, presentTicketListItem } from './schema'

const TicketPosition = positionSchema(
  z.object({ rank: z.number().int(), at: z.number().int(), number: z.number().int() }),
)

/** A page of the tickets that the caller may see, by its number. For everybody. */
export async function listTickets(ctx: ServiceContext, input: ListTicketsInput) {
  const { caller, db } = ctx
  const page = pageRequest(input)
  const { filter, sorting } = parseListQuery(ctx, input)
  const [[count], found] = await db.batch([
    countTickets(caller, filter),
    findTickets(caller, filter, sorting, { limit: page.perPage, offset: offsetOf(page) }),
  ])
  return { page, total: count?.total ?? 0, tickets: found.map(presentTicketListItem) }
}

/**
 * A page of the tickets that the caller may see, from a cursor on: its cost does not grow with what lies before, and it
 * counts nothing. For everybody. Throws 400 for a cursor of another list.
 */
export async function listTicketsByCursor(ctx: ServiceContext, input: ListTicketsInput) {
  const { caller, db } = ctx
  const { filter, sorting, scope } = parseListQuery(ctx, input)
  const position = readTicketCursor(db, scope, input.cursor)
  const { perPage } = pageRequest(input)
  const found = await db.all(findTickets(caller, filter, sorting, windowFrom(position, perPage)))
  const { shown, cursors } = toPage(found, perPage, position, cursorKeyOf, (at) => writeCursor(db, scope, at))
  return { perPage, cursors, tickets: shown.map(presentTicketListItem) }
}

/** What a list is asked for: which tickets, in which order, and what its cursors belong to. */
export function parseListQuery({ caller }: ServiceContext, input: ListTicketsInput | ExportTicketsInput) {
  const filter = filterOf(input, caller.id)
  const sorting: TicketSorting = { sort: input.sort ?? 'created_at', order: input.order ?? 'desc' }
  const within = seesAllTickets(caller.role) ? null : caller.id
  const scope = { list: 'tickets', accountId: caller.accountId, within, ...filter, ...sorting }
  return { filter, sorting, scope }
}

/** The position of a cursor of tickets; null for none. Throws 400. */
export function readTicketCursor(
  db: AccountDb,
  scope: CursorScope,
  cursor: string | undefined,
): Position<TicketCursorKey> | null {
  return readCursor(db, scope, cursor, TicketPosition)
}

/** Where a ticket stands in the list that it was found in. */
export function cursorKeyOf(ticket: ListedTicket): TicketCursorKey {
  return { rank: ticket.place_rank, at: ticket.place_at, number: ticket.number }
}

function filterOf(input: ListTicketsInput | ExportTicketsInput, callerId: string): TicketFilter {
  const named = (id: string) => (id === 'me' ? callerId : id)
  return {
    status: input.status,
    priority: input.priority,
    assignedTo: distinct(input.assigned_to?.map((id) => (id === 'none' ? '' : named(id)))),
    createdBy: distinct(input.created_by?.map(named)),
    number: input.number,
    tag: input.tag,
    q: input.q === undefined || isBlank(input.q) ? undefined : input.q,
    createdAfter: input.created_after,
    createdBefore: input.created_before,
    updatedAfter: input.updated_after,
    updatedBefore: input.updated_before,
  }
}

/** `me` may stand beside the caller's own ID. */
function distinct(ids: string[] | undefined): string[] | undefined {
  return ids && [...new Set(ids)]
}

/** White space alone searches for nothing in particular. */
function isBlank(text: string): boolean {
  return /^\s*$/u.test(text)
}
