import { users } from './schema/accounts'
import { type SQL, sql } from './sql'

/** The members that a request names for a ticket; undefined leaves one unchanged. */
export interface TicketMembers {
  createdBy?: string | undefined
  assignedTo?: string | null | undefined
}

/** Whether the ID belongs to a user of the account, and not to an API key. */
export function isUser(accountId: string, id: string | null): SQL {
  return sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${id}
    AND ${users.kind} = 'person')`
}

/** Whether the ID belongs to an active agent or admin of the account. */
export function isAssignable(accountId: string, id: string | null): SQL {
  return sql`EXISTS (SELECT 1 FROM ${users} WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${id}
    AND ${users.kind} = 'person' AND ${users.status} = 'active' AND ${users.role} IN ('admin', 'agent'))`
}

/** Whether all named members may have the role in the ticket for which they are named. */
export function areAssignable(accountId: string, { createdBy, assignedTo }: TicketMembers): SQL {
  const creator = createdBy === undefined ? sql`1` : isUser(accountId, createdBy)
  const assignee = assignedTo === undefined || assignedTo === null ? sql`1` : isAssignable(accountId, assignedTo)
  return sql`${creator} AND ${assignee}`
}
