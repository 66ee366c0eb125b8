/** The measured account: its users, and properties of its tickets at every size. */

export const ACCOUNT_ID = idOf('acct_%026d', 1)
/** Formats of `printf`. IDs are as long as the service's, because they are a large part of each row and index entry. */
export const TICKET_ID = 'ticket_%026d'
export const MEMBER_ID = { agent: 'user_agent%021d', customer: 'user_customer%018d' }
export const COMMENT_ID = 'comment_%026d'
export const ATTACHMENT_ID = 'attach_%026d'
export const EVENT_ID = 'evt_%026d'
/** The agent who sends requests, and a customer who created a twentieth of the tickets. */
export const CALLER_ID = idOf(MEMBER_ID.agent, 0)
export const CUSTOMER_ID = idOf(MEMBER_ID.customer, 0)

export const AGENTS = 9
export const CUSTOMERS = 20

/** Independent of the size. */
export const TICKETS_PER_DAY = 500
export const DAY = 86_400_000
/** The creation time of the newest ticket. Fixed, so that it is the same in every run. */
export const NEWEST = Date.UTC(2026, 10, 1)
/** Events are kept for thirty days. */
export const MAX_EVENTS = 30 * TICKETS_PER_DAY

/** In five tickets at every size; and in all of them. */
export const RARE_WORD = 'zirconium'
export const COMMON_WORD = 'report'
/** On five tickets; and on one of fifty. */
export const RARE_TAG = 'zirconium'
export const COMMON_TAG = 'tag7'
export const RARE_TICKETS = 5
export const TAGS = 50

/** One ticket with as many children as the contract allows, or more than any user would read. */
export const HEAVY_COMMENTS = 10_000
export const HEAVY_ATTACHMENTS = 500

/** Tickets that are read one by one; they are spread evenly, and each has two comments. */
const READ_TICKETS = 50

export function ticketId(number: number): string {
  return idOf(TICKET_ID, number)
}

/** As SQLite's `printf`. */
function idOf(format: string, number: number): string {
  return format.replace(/%0(\d+)d/, (_, width) => String(number).padStart(Number(width), '0'))
}

/** The distance between tickets with comments. */
export function readStep(size: number): number {
  return Math.floor(size / READ_TICKETS)
}

export function readTickets(size: number): string[] {
  return Array.from({ length: READ_TICKETS }, (_, index) => ticketId((index + 1) * readStep(size)))
}

/** Not one of `readTickets`. */
export function heavyNumber(size: number): number {
  return Math.floor(size / 2) + 1
}

/** Milliseconds. */
export function createdAt(number: number, size: number): number {
  return NEWEST - (size - number) * (DAY / TICKETS_PER_DAY)
}
