import { z } from '@hono/zod-openapi'
import { seesAllTickets } from '../core/policy'
import type { AccountDb } from '../db/client'
import { searchBatch } from '../db/search-ready'
import {
  type CursorScope,
  fitsAlways,
  MAX_PAGE_BYTES,
  type Position,
  positionSchema,
  readCursor,
} from '../http/pagination/cursor'
import { findList, type List, mapList } from '../http/pagination/list'
import type { ServiceContext } from '../service/context'
import { countTickets } from './count.queries'
import type { TicketFilter } from './filter.queries'
import type { ExportTicketsInput, ListTicketsInput } from './filter-schema'
import {
  findTickets,
  findTicketsWithin,
  type ListedTicket,
  OTHER_TICKET_BYTES,
  type TicketCursorKey,
  type TicketSorting,
} from './list.queries'
import { MAX_DESCRIPTION_BYTES, presentTicketListItem } from './schema'

const TicketPosition = positionSchema(
  z.object({ rank: z.number().int(), at: z.number().int(), number: z.number().int() }),
)

/** The longest title and tags, as JSON. */
const MAX_TITLE_AND_TAGS = 5_200
/** As JSON, in which a byte of text takes two at most. */
const MAX_TICKET_BYTES = 2 * MAX_DESCRIPTION_BYTES + MAX_TITLE_AND_TAGS + OTHER_TICKET_BYTES

type TicketListItem = ReturnType<typeof presentTicketListItem>

/**
 * The tickets that the caller may see. After a cursor nothing is counted, and later pages do not cost more. Throws 400 for a
 * cursor of another list.
 */
export async function listTickets(ctx: ServiceContext, input: ListTicketsInput): Promise<List<TicketListItem>> {
  const { caller, db } = ctx
  const { filter, sorting, scope } = parseListQuery(ctx, input)
  const list = await findList(
    input,
    { reader: db, scope, position: TicketPosition, keyOf: cursorKeyOf },
    {
      async findPage(window) {
        const { count, tickets } = await searchBatch(db, filter, (complete) => ({
          count: countTickets(caller, complete),
          tickets: findTickets(caller, complete, sorting, window),
        }))
        return { total: count[0]?.total ?? 0, rows: tickets }
      },
      async findAfter(window) {
        const page = (complete: TicketFilter) => ({
          tickets: fitsAlways(window, MAX_TICKET_BYTES)
            ? findTickets(caller, complete, sorting, window)
            : findTicketsWithin(caller, complete, sorting, window, MAX_PAGE_BYTES),
        })
        return (await searchBatch(db, filter, page)).tickets
      },
    },
  )
  return mapList(list, presentTicketListItem)
}

/** Of the scope, cursors in circulation contain a hash: its keys and their order must stay as they are. */
export function parseListQuery({ caller }: ServiceContext, input: ListTicketsInput | ExportTicketsInput) {
  const filter = filterOf(input, caller.id)
  const sorting: TicketSorting = { sort: input.sort ?? 'created_at', order: input.order ?? 'desc' }
  const within = seesAllTickets(caller.role) ? null : caller.id
  const scope = { list: 'tickets', accountId: caller.accountId, within, ...filter, ...sorting }
  return { filter, sorting, scope }
}

/** Null to start. Throws 400. */
export function readTicketCursor(
  db: AccountDb,
  scope: CursorScope,
  cursor: string | undefined,
): Position<TicketCursorKey> | null {
  return readCursor(db, scope, cursor, TicketPosition)
}

export function cursorKeyOf(ticket: ListedTicket): TicketCursorKey {
  return { rank: ticket.cursor_rank, at: ticket.cursor_at, number: ticket.number }
}

function filterOf(input: ListTicketsInput | ExportTicketsInput, callerId: string): TicketFilter {
  const toId = (id: string) => (id === 'me' ? callerId : id)
  return {
    status: input.status,
    priority: input.priority,
    assignedTo: distinct(input.assigned_to?.map((id) => (id === 'none' ? '' : toId(id)))),
    createdBy: distinct(input.created_by?.map(toId)),
    number: input.number,
    tag: input.tag,
    q: input.q === undefined || isBlank(input.q) ? undefined : input.q,
    createdAfter: input.created_after,
    createdBefore: input.created_before,
    updatedAfter: input.updated_after,
    updatedBefore: input.updated_before,
  }
}

/** A list may have `me` and the caller's own ID. */
function distinct(ids: string[] | undefined): string[] | undefined {
  return ids && [...new Set(ids)]
}

/** White space alone is the same as no search. */
function isBlank(text: string): boolean {
  return /^\s*$/u.test(text)
}
