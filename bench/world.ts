/** The account that is measured: who is in it, and what its tickets are like at every size. */

export const ACCOUNT_ID = 'acct_bench'
/** The agent who asks, and a customer who wrote a twentieth of the tickets. */
export const CALLER_ID = 'user_agent0'
export const CUSTOMER_ID = 'user_customer0'

export const AGENTS = 9
export const CUSTOMERS = 20

/** However many tickets there are, the last day has brought this many. */
export const TICKETS_A_DAY = 500
export const DAY = 86_400_000
/** When the newest ticket was made. The clock of the world stands still, so that it is the same in every run. */
export const NEWEST = Date.UTC(2026, 10, 1)
/** Events are kept for thirty days. */
export const MOST_EVENTS = 30 * TICKETS_A_DAY

/** In five tickets, however many there are; and in all of them. */
export const RARE_WORD = 'zirconium'
export const COMMON_WORD = 'report'
/** At five tickets; and at one of fifty. */
export const RARE_TAG = 'zirconium'
export const COMMON_TAG = 'tag7'
export const RARE_TICKETS = 5
export const TAGS = 50

/** One ticket has as many parts as the contract allows, or more than anybody would read. */
export const HEAVY_COMMENTS = 10_000
export const HEAVY_ATTACHMENTS = 500

/** How many tickets are read one by one; they lie apart, and each has two comments. */
const READ_TICKETS = 50

/** The ID of a ticket, for `printf`. */
export const TICKET_ID = 'ticket_bench%07d'

export function ticketId(number: number): string {
  return TICKET_ID.replace('%07d', String(number).padStart(7, '0'))
}

/** Every how manieth ticket has comments. */
export function readStep(size: number): number {
  return Math.floor(size / READ_TICKETS)
}

/** The tickets that are read one by one. */
export function readTickets(size: number): string[] {
  return Array.from({ length: READ_TICKETS }, (_, index) => ticketId((index + 1) * readStep(size)))
}

/** The number of the ticket with all the comments; it is none of `readTickets`. */
export function heavyNumber(size: number): number {
  return Math.floor(size / 2) + 1
}

/** When a ticket was made (ms). */
export function createdAt(number: number, size: number): number {
  return NEWEST - (size - number) * (DAY / TICKETS_A_DAY)
}
