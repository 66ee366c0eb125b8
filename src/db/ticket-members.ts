import { type SQL, sql } from 'drizzle-orm'

/** Members that a ticket is to name; what is absent is not named. */
export interface TicketMembers {
  createdBy?: string | undefined
  assignedTo?: string | null | undefined
}

/** Whether the ID is of a person of the account, as an SQL expression. */
export function isUser(accountId: string, id: string | null): SQL {
  return sql`EXISTS (SELECT 1 FROM users WHERE account_id = ${accountId} AND id = ${id} AND kind = 'person')`
}

/** Whether the ID is of an active agent or admin of the account, as an SQL expression. */
export function isAssignable(accountId: string, id: string | null): SQL {
  return sql`EXISTS (SELECT 1 FROM users WHERE account_id = ${accountId} AND id = ${id}
    AND kind = 'person' AND status = 'active' AND role IN ('admin', 'agent'))`
}

/** Whether all named members may stand where they are named, as an SQL expression. */
export function areAssignable(accountId: string, { createdBy, assignedTo }: TicketMembers): SQL {
  const creator = createdBy === undefined ? sql`1` : isUser(accountId, createdBy)
  const assignee = assignedTo === undefined || assignedTo === null ? sql`1` : isAssignable(accountId, assignedTo)
  return sql`${creator} AND ${assignee}`
}
