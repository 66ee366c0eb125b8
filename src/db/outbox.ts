import { type SQL, sql } from 'drizzle-orm'
import { rows, write } from './client'

/** What happens. `webhook.test` is asked for, and told to one webhook. */
export type EventType =
  | 'ticket.created'
  | 'ticket.updated'
  | 'ticket.status_changed'
  | 'ticket.deleted'
  | 'comment.created'
  | 'user.created'
  | 'webhook.test'

interface NewEvent {
  id: string
  type: EventType
  accountId: string
  ticketId: string | null
  /** Or the SQL expression that tells. */
  isInternal: boolean | SQL
  createdAt: number
  /** A SQL expression that gives the JSON image of what happened. */
  data: SQL
  /** The rows it is made from, with their condition: no row, no event. */
  from: SQL
  /** How many later sequences the same batch has taken. */
  before?: number
}

/** Takes the account's next event sequences, as many as `count` says, if `condition` holds. */
export function takeSequences(accountId: string, condition: SQL, count: SQL = sql`1`) {
  return write(sql`
    UPDATE account_state SET event_sequence = event_sequence + ${count}
    WHERE account_id = ${accountId} AND ${condition}`)
}

/** Writes an event under the sequence that the batch has taken. It belongs into the batch of the change it tells of. */
export function insertEvent({ before = 0, ...event }: NewEvent) {
  const isInternal = typeof event.isInternal === 'boolean' ? sql`${event.isInternal ? 1 : 0}` : event.isInternal
  return write(sql`
    INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
    SELECT ${event.accountId},
      (SELECT event_sequence FROM account_state WHERE account_id = ${event.accountId}) - ${before},
      ${event.id}, ${event.type}, ${event.ticketId}, ${isInternal}, ${event.data}, ${event.createdAt}
    FROM ${event.from}`)
}

/** How many webhooks listen: where none does, nobody needs to be woken. */
export interface Audience {
  listeners: number
}

/** The account's audience, to be read in the batch that writes an event. */
export function findAudience(accountId: string) {
  return rows<Audience>(sql`SELECT listeners FROM account_state WHERE account_id = ${accountId}`)
}

/** The JSON image of the member who acts: id, name, e-mail. */
export function actorImage(accountId: string, memberId: string): SQL {
  return sql`(SELECT json_object('id', id, 'name', name, 'email', email) FROM users
    WHERE account_id = ${accountId} AND id = ${memberId})`
}
