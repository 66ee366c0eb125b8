/** In the order of their rights, most first. Every decision about roles is made in this file. */
export const ROLES = ['admin', 'agent', 'customer'] as const
export type Role = (typeof ROLES)[number]

export function rolesAtLeast(role: Role): readonly Role[] {
  return ROLES.slice(0, ROLES.indexOf(role) + 1)
}

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

/** Otherwise only those that it created. */
export function seesAllTickets(role: Role): boolean {
  return STAFF.includes(role)
}

/** Internal comments and their attachments, to read and to write. */
export function seesInternal(role: Role): boolean {
  return STAFF.includes(role)
}

export function deletesEveryComment(role: Role): boolean {
  return role === 'admin'
}

/** Those of `fields` that the role may not set on a new ticket. */
export function forbiddenCreateFields(role: Role, fields: readonly string[]): string[] {
  return STAFF.includes(role) ? [] : fields.filter((field) => !CREATE_FIELDS_OF_CUSTOMERS.has(field))
}

/** Those of `fields` that the role may not change on a ticket. */
export function forbiddenUpdateFields(role: Role, fields: readonly string[]): string[] {
  return STAFF.includes(role) ? [] : fields.filter((field) => !CHANGE_FIELDS_OF_CUSTOMERS.has(field))
}

/**
 * The statuses from which the role may change a ticket to `target`; null for any, empty for none. A customer may close a
 * ticket, and reopen one that is resolved or closed.
 */
export function allowedFromStatuses(role: Role, target: string): readonly string[] | null {
  if (STAFF.includes(role) || target === 'closed') return null
  return target === 'open' ? ['resolved', 'closed'] : []
}

/** Otherwise only itself. */
export function readsUsers(role: Role): boolean {
  return STAFF.includes(role)
}

export function managesUsers(role: Role): boolean {
  return role === 'admin'
}
