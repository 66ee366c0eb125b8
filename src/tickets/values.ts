import { tickets } from '../db/schema/tickets'

export const TICKET_STATUSES = tickets.status.enumValues
/** The rank of a priority is its index. */
export const PRIORITIES = tickets.priority.enumValues

export type TicketStatus = (typeof TICKET_STATUSES)[number]
export type Priority = (typeof PRIORITIES)[number]
