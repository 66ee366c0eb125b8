/** The one place that decides what a role may do. Everything else asks here. From the most powerful role down. */
export const ROLES = ['admin', 'agent', 'customer'] as const
export type Role = (typeof ROLES)[number]

/** The role and every role that may do more. */
export function rolesAtLeast(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1)
}

/** Callers of a route: everybody of the account, its staff (agents and admins), or its admins. */
export const EVERYONE: readonly Role[] = ROLES
export const STAFF: readonly Role[] = ['admin', 'agent']
export const ADMINS: readonly Role[] = ['admin']

const CREATE_FIELDS_OF_CUSTOMERS = new Set(['title', 'description', 'priority', 'tags', 'custom_fields', 'attachments'])
const CHANGE_FIELDS_OF_CUSTOMERS = new Set([
  'title',
  'description',
  'tags',
  'add_tags',
  'remove_tags',
  'custom_fields',
  'status',
])

/** Whether the role sees every ticket of the account, or only those it created. */
export function seesAllTickets(role: Role): boolean {
  return STAFF.includes(role)
}

/** Whether the role may read and write internal comments and their attachments. */
export function seesInternal(role: Role): boolean {
  return STAFF.includes(role)
}

/** Whether the role may delete comments that others wrote. */
export function deletesEveryComment(role: Role): boolean {
  return role === 'admin'
}

/** Of the named fields, those that the role may not set when it creates a ticket. */
export function forbiddenCreateFields(role: Role, fields: readonly string[]): string[] {
  return STAFF.includes(role) ? [] : fields.filter((field) => !CREATE_FIELDS_OF_CUSTOMERS.has(field))
}

/** Of the named fields, those that the role may not change on a ticket. */
export function forbiddenUpdateFields(role: Role, fields: readonly string[]): string[] {
  return STAFF.includes(role) ? [] : fields.filter((field) => !CHANGE_FIELDS_OF_CUSTOMERS.has(field))
}

/**
 * From which statuses the role may move a ticket to `target`: null for any. A customer may close a ticket, and open
 * again one that is resolved or closed. An empty list: never.
 */
export function allowedFromStatuses(role: Role, target: string): readonly string[] | null {
  if (STAFF.includes(role) || target === 'closed') return null
  return target === 'open' ? ['resolved', 'closed'] : []
}

/** Whether the role may read the people of the account, not only itself. */
export function readsUsers(role: Role): boolean {
  return STAFF.includes(role)
}

/** Whether the role may change anybody of the account, their role and status too. */
export function managesUsers(role: Role): boolean {
  return role === 'admin'
}
