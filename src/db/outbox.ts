import { alias } from './alias'
import type { Json } from './json'
import { accountCounters, users } from './schema/accounts'
import { events } from './schema/webhooks'
import { type Row, type RowOf, selection } from './selection'
import { type SQL, sql } from './sql'
import { type Statement, select } from './statement'
import { insertSelect, update } from './write'
import { nextAfterLatest, type WriteClock } from './write-time'

export type EventType = (typeof events)['$inferSelect']['type']

interface NewEvent<Type extends EventType, Snapshot> {
  id: string
  type: Type
  accountId: string
  ticketId: string | null
  /** The comment whose texts the snapshot holds. */
  commentId?: string | SQL<string | null>
  isInternal: boolean | SQL<number>
  data: Json<Snapshot>
  /** The rows that the snapshot is made from, with their condition: no row, no event. */
  from: SQL
  /** How many sequences that the same batch has reserved come after this one. */
  offsetFromLast?: number
}

/** Of `webhook.test`, which the features below `webhooks/` read. */
export interface WebhookTestSnapshot {
  webhook: { id: string }
}

interface EventStatement<Type extends EventType, Snapshot> extends Statement<never> {
  /** For the compiler alone: it is not set. */
  readonly event: { type: Type; snapshot: Snapshot }
}

/** The type and the snapshot of the event that a function inserts. */
export type EventOf<F> = F extends (...parameters: never) => EventStatement<infer Type, infer Snapshot>
  ? { type: Type; snapshot: Snapshot }
  : never

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
export function insertEvent<Type extends EventType, Snapshot>({
  offsetFromLast = 0,
  ...event
}: NewEvent<Type, Snapshot>): EventStatement<Type, Snapshot> {
  const { accountId, eventSequence, lastWriteAt } = accountCounters
  const statement = insertSelect(
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
      commentId: event.commentId ?? null,
    },
    sql`FROM (SELECT ${accountId}, ${eventSequence}, ${lastWriteAt} FROM ${accountCounters}
      WHERE ${accountCounters.accountId} = ${event.accountId}) reserved, ${event.from}`,
  )
  return statement as EventStatement<Type, Snapshot>
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

const ACTOR = selection({ id: users.id, name: users.name, email: users.email })

/** The snapshot of the user or API key that acts. */
export function actorJson(accountId: string, memberId: string): Json<RowOf<typeof ACTOR>> {
  return sql`(SELECT ${ACTOR.json} FROM ${users}
    WHERE ${users.accountId} = ${accountId} AND ${users.id} = ${memberId})`
}
