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

const MAX_EDITS = 5

/** Tickets. Agents and admins see all of the account, customers their own. */
export class Tickets {
  readonly #api: Api

  constructor(api: Api) {
    this.#api = api
  }

  /** All matching tickets, newest first by default. */
  list(filters: TicketFilters = {}, options: WalkOptions = {}): Walk<TicketListItem> {
    return walkByCursor(options, (page) => this.#api.get('/tickets', { ...filters, ...page }, options))
  }

  /** One page by number, with the totals. */
  page(query: TicketFilters & PageNumber = {}, options: RequestOptions = {}): Promise<NumberedPage<TicketListItem>> {
    return this.#api.get('/tickets', query, options)
  }

  /** One ticket with its latest 100 comments and attachments. */
  async get(id: string, options: RequestOptions = {}): Promise<TicketDetail> {
    return (await this.#api.get<{ data: TicketDetail }>(path`/tickets/${id}`, {}, options)).data
  }

  async create(ticket: CreateTicket, options: WriteOptions = {}): Promise<Ticket> {
    return (await this.#api.write<{ data: Ticket }>('POST', '/tickets', ticket, options)).data
  }

  /** Updates the given fields. */
  async update(id: string, change: UpdateTicket, options: ConditionalOptions = {}): Promise<Ticket> {
    return (await this.#api.write<{ data: Ticket }>('PATCH', path`/tickets/${id}`, change, options)).data
  }

  /**
   * Updates a ticket depending on its state: reads it, calls `decide`, and updates it unless it has changed in the
   * meantime; then it starts again, up to five times. If `decide` returns null, the ticket is not updated.
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
        if (!isStale || edits === MAX_EDITS) throw error
      }
    }
  }

  /** Deletes a ticket with its comments and attachments. */
  async delete(id: string, options: ConditionalOptions = {}): Promise<void> {
    await this.#api.write('DELETE', path`/tickets/${id}`, undefined, options)
  }

  /** The number of tickets by status, priority and assignee. */
  async stats(options: RequestOptions = {}): Promise<TicketStats> {
    return (await this.#api.get<{ data: TicketStats }>('/tickets/stats', {}, options)).data
  }

  /** Every change of a ticket, oldest first. */
  history(id: string, options: WalkOptions = {}): Walk<TicketChange> {
    return walkByCursor(options, (page) => this.#api.get(path`/tickets/${id}/history`, page, options))
  }

  /**
   * Streams all matching tickets with their custom fields; suitable for millions. Throws a `ConnectionError` if the
   * stream is cut off.
   */
  export(filters: TicketFilters = {}, options: RequestOptions = {}): AsyncIterableIterator<TicketSnapshot> {
    return readExport((cursor) => this.#api.stream('/tickets/export', { ...filters, ...cursor }, options))
  }
}
