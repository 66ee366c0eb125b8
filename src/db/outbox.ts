import { type SQL, sql } from 'drizzle-orm'
import { returning } from './idempotency-records'
import { run, select } from './statement'
import { nextAfterLatest, type WriteClock } from './write-time'

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
  /** A SQL expression that gives the JSON image of what happened. */
  data: SQL
  /** The rows it is made from, with their condition: no row, no event. */
  from: SQL
  /** How many later sequences the same batch has taken. */
  offsetFromLast?: number
}

/** Takes the account's next event sequences, as many as `count` says, and the time of the write, if `condition` holds. */
export function reserveSequences(accountId: string, clock: WriteClock, condition: SQL, count: SQL = sql`1`) {
  return run(sql`
    UPDATE account_state SET event_sequence = event_sequence + ${count}, last_write_at = ${nextAfterLatest(clock)}
    WHERE account_id = ${accountId} AND ${condition}`)
}

/** Writes an event under the sequence and the time that the batch has taken, in the batch of the change it reports. */
export function insertEvent({ offsetFromLast = 0, ...event }: NewEvent) {
  const isInternal = typeof event.isInternal === 'boolean' ? sql`${event.isInternal ? 1 : 0}` : event.isInternal
  return run(sql`
    INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
    SELECT taken.account_id, taken.event_sequence - ${offsetFromLast},
      ${event.id}, ${event.type}, ${event.ticketId}, ${isInternal}, ${event.data}, taken.last_write_at
    FROM (SELECT account_id, event_sequence, last_write_at FROM account_state WHERE account_id = ${event.accountId}) taken,
      ${event.from}`)
}

/** How many webhooks listen: where none does, nobody needs to be woken. */
export interface ActiveWebhooks {
  listeners: number
}

/** The account's audience, to be read in the batch that writes an event. */
export function countActiveWebhooks(accountId: string) {
  return returning(select<ActiveWebhooks>(sql`SELECT listeners FROM account_state WHERE account_id = ${accountId}`), [
    'listeners',
  ])
}

/** The event that the batch has written last, if it is the one with this ID. */
export function findLastEvent(accountId: string, id: string) {
  return returning(
    select<{ id: string }>(sql`
      SELECT e.id FROM account_state s CROSS JOIN events e ON e.account_id = s.account_id AND e.sequence = s.event_sequence
      WHERE s.account_id = ${accountId} AND e.id = ${id}`),
    ['id'],
  )
}

/** The JSON image of the member who acts: id, name, e-mail. */
export function actorJson(accountId: string, memberId: string): SQL {
  return sql`(SELECT json_object('id', id, 'name', name, 'email', email) FROM users
    WHERE account_id = ${accountId} AND id = ${memberId})`
}
