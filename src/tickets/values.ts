/** The statuses and priorities of tickets; a priority's rank is its place here. */
export const TICKET_STATUSES = ['open', 'in_progress', 'resolved', 'closed'] as const
export const PRIORITIES = ['low', 'medium', 'high', 'critical'] as const
