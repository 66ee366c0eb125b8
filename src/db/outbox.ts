import { alias } from './alias'
import { accountCounters, users } from './schema/accounts'
import { events } from './schema/webhooks'
import type { Row } from './selection'
import { type SQL, sql } from './sql'
import { select } from './statement'
import { insertSelect, update } from './write'
import { nextAfterLatest, type WriteClock } from './write-time'

/** `webhook.test` is emitted on request, to one webhook. */
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
  isInternal: boolean | SQL<number>
  /** The snapshot, as JSON. */
  data: SQL<string>
  /** The rows that the snapshot is made from, with their condition: no row, no event. */
  from: SQL
  /** How many sequences that the same batch has reserved come after this one. */
  offsetFromLast?: number
}

/** Reserves the account's next event sequences, `count` of them, and the time of the write, if `condition` holds. */
export function reserveSequences(accountId: string, clock: WriteClock, condition: SQL, count: SQL<number> = sql`1`) {
  const { eventSequence } = accountCounters
  return update(
    accountCounters,
    { eventSequence: sql`${eventSequence} + ${count}`, lastWriteAt: nextAfterLatest(clock) },
    sql`${accountCounters.accountId} = ${accountId} AND ${condition}`,
  )
}

const reserved = alias(accountCounters, 'reserved')

/** Inserts an event with the sequence and the time that the batch has reserved, in the batch of the change it reports. */
export function insertEvent({ offsetFromLast = 0, ...event }: NewEvent) {
  const { accountId, eventSequence, lastWriteAt } = accountCounters
  return insertSelect(
    events,
    {
      accountId: reserved.accountId,
      sequence: sql`${reserved.eventSequence} - ${offsetFromLast}`,
      id: event.id,
      type: event.type,
      ticketId: event.ticketId,
      isInternal: typeof event.isInternal === 'boolean' ? Number(event.isInternal) : event.isInternal,
      data: event.data,
      createdAt: reserved.lastWriteAt,
    },
    sql`FROM (SELECT ${accountId}, ${eventSequence}, ${lastWriteAt} FROM ${accountCounters}
      WHERE ${accountCounters.accountId} = ${event.accountId}) reserved, ${event.from}`,
  )
}

const ACTIVE_WEBHOOKS = { active_webhooks: accountCounters.activeWebhooks }

/** Without any, no consumer needs to be notified. */
export type ActiveWebhooks = Row<typeof ACTIVE_WEBHOOKS>

/** To be read in the batch that inserts an event. */
export function countActiveWebhooks(accountId: string) {
  return select(ACTIVE_WEBHOOKS, sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId}`)
}

const e = alias(events, 'e')
const counters = alias(accountCounters, 's')

/** The latest event of the account, if it has this ID. */
export function findLastEvent(accountId: string, id: string) {
  return select(
    { id: e.id },
    sql`FROM ${counters}
      CROSS JOIN ${e} ON ${e.accountId} = ${counters.accountId} AND ${e.sequence} = ${counters.eventSequence}
      WHERE ${counters.accountId} = ${accountId} AND ${e.id} = ${id}`,
  )
}

/** The snapshot of the user or API key that acts. */
export function actorJson(accountId: string, memberId: string): SQL<string> {
  return sql`(SELECT json_object('id', ${users.id}, 'name', ${users.name}, 'email', ${users.email}) FROM ${users}
    WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${memberId})`
}
