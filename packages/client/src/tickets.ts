import { path } from './address.ts'
import type { Api, ConditionalOptions, WriteOptions } from './api.ts'
import { ApiError } from './errors.ts'
import { readExport } from './export.ts'
import type { RequestOptions } from './sender.ts'
import type {
  CreateTicket,
  Ticket,
  TicketChange,
  TicketDetail,
  TicketFilters,
  TicketListItem,
  TicketSnapshot,
  TicketStats,
  UpdateTicket,
} from './ticket-types.ts'
import { type NumberedPage, type PageNumber, type Walk, type WalkOptions, walkByCursor } from './walk.ts'

const MOST_EDITS = 5

/** Tickets: agents and admins have all of the account, customers their own. */
export class Tickets {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** All tickets that the filters let through, newest first unless sorted otherwise. */
  list(filters: TicketFilters = {}, options: WalkOptions = {}): Walk<TicketListItem> {
    return walkByCursor(options, (page) => this.#api.get('/tickets', { ...filters, ...page }, options))
  }

  /** One page by its number, with the totals. */
  page(query: TicketFilters & PageNumber = {}, options: RequestOptions = {}): Promise<NumberedPage<TicketListItem>> {
    return this.#api.get('/tickets', query, options)
  }

  /** One ticket, with its latest 100 comments and attachments. */
  async get(id: string, options: RequestOptions = {}): Promise<TicketDetail> {
    return (await this.#api.get<{ data: TicketDetail }>(path`/tickets/${id}`, {}, options)).data
  }

  async create(ticket: CreateTicket, options: WriteOptions = {}): Promise<Ticket> {
    return (await this.#api.write<{ data: Ticket }>('POST', '/tickets', ticket, options)).data
  }

  /** Changes the fields that are named. */
  async update(id: string, change: UpdateTicket, options: ConditionalOptions = {}): Promise<Ticket> {
    return (await this.#api.write<{ data: Ticket }>('PATCH', path`/tickets/${id}`, change, options)).data
  }

  /**
   * Changes a ticket by what it is: reads it, asks `decide` for the change, and makes it only if nobody has changed the
   * ticket meanwhile; else it reads again, up to five times. Null from `decide` leaves the ticket alone.
   */
  async edit(
    id: string,
    decide: (ticket: TicketDetail) => UpdateTicket | null | Promise<UpdateTicket | null>,
    options: RequestOptions = {},
  ): Promise<Ticket> {
    for (let edits = 1; ; edits++) {
      const ticket = await this.get(id, options)
      const change = await decide(ticket)
      if (change === null) return ticket
      try {
        return await this.update(id, change, { ...options, ifVersion: ticket.version })
      } catch (error) {
        const isStale = error instanceof ApiError && error.code === 'precondition_failed'
        if (!isStale || edits === MOST_EDITS) throw error
      }
    }
  }

  /** Deletes a ticket and all that belongs to it. */
  async delete(id: string, options: ConditionalOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/tickets/${id}`, undefined, options)
  }

  /** How many tickets there are, by status, priority and assignee. */
  async stats(options: RequestOptions = {}): Promise<TicketStats> {
    return (await this.#api.get<{ data: TicketStats }>('/tickets/stats', {}, options)).data
  }

  /** Every change of a ticket, oldest first. */
  history(id: string, options: WalkOptions = {}): Walk<TicketChange> {
    return walkByCursor(options, (page) => this.#api.get(path`/tickets/${id}/history`, page, options))
  }

  /**
   * All tickets that the filters let through, with their custom fields, as one stream: for a million of them rather than
   * a hundred. Throws a `ConnectionError` where it is cut off.
   */
  export(filters: TicketFilters = {}, options: RequestOptions = {}): AsyncIterableIterator<TicketSnapshot> {
    return readExport((cursor) => this.#api.stream('/tickets/export', { ...filters, ...cursor }, options))
  }
}
