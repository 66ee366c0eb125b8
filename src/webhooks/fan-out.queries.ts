import { alias } from '../db/alias'
import { accountCounters } from '../db/schema/accounts'
import { deliveries, events, replays, webhooks } from '../db/schema/webhooks'
import { type SQL, sql } from '../db/sql'
import { query, run, select } from '../db/statement'
import { insertSelect, update } from '../db/write'
import { NEXT_DUE_AT } from './queries'

const e = alias(events, 'e')
const s = alias(accountCounters, 's')
const w = alias(webhooks, 'w')

/** How many events one batch fans out. */
export const EVENTS_PER_BATCH = 100

/** A ULID of the event's time and 64 random bits. */
const NEW_DELIVERY_ID = sql<string>`'dlv_' || substr(${e.id}, 5, 10) || lower(hex(randomblob(8)))`

/** Whether the webhook with the alias `w` receives events such as the one with the alias `e`. */
export function isSubscribed(): SQL {
  return sql`${e.type} <> 'webhook.test' AND (${w.includeInternal} = 1 OR ${e.isInternal} = 0)
    AND EXISTS (SELECT 1 FROM json_each(${w.events}) WHERE value IN ('*', ${e.type}))`
}

/** Inserts a delivery for each pair of an event `e` and a webhook `w`; `from` ends with what to do on a conflict. */
export function insertDeliveries(now: number, from: SQL) {
  return insertSelect(
    deliveries,
    {
      accountId: e.accountId,
      webhookId: w.id,
      sequence: e.sequence,
      id: NEW_DELIVERY_ID,
      eventId: e.id,
      event: e.type,
      createdAt: now,
      retryAt: now,
    },
    from,
  )
}

/**
 * Inserts the deliveries of the account's next events to its active webhooks, and moves the account's mark past those
 * events. Repeated or concurrent runs insert nothing twice.
 */
export function fanOutEvents(accountId: string, now: number) {
  const { sequence } = events
  const { fannedOutSequence, eventSequence } = accountCounters
  // Counts events, not sequences: a restore leaves a wide gap between the last event and the next one.
  const endOfBatch = sql`coalesce((
    SELECT ${sequence} FROM ${events} WHERE ${events.accountId} = ${accountId} AND ${sequence} > ${s.fannedOutSequence}
    ORDER BY ${sequence} LIMIT 1 OFFSET ${EVENTS_PER_BATCH - 1}), ${s.eventSequence})`
  return [
    insertDeliveries(
      now,
      sql`FROM ${s}
        CROSS JOIN ${e} ON ${e.accountId} = ${s.accountId} AND ${e.sequence} > ${s.fannedOutSequence}
          AND ${e.sequence} <= ${endOfBatch}
        CROSS JOIN ${w} ON ${w.accountId} = ${s.accountId} AND ${w.active} = 1 AND ${w.fannedOutSequence} < ${e.sequence}
        WHERE ${s.accountId} = ${accountId} AND ${isSubscribed()}
        ON CONFLICT DO NOTHING`,
    ),
    scheduleWebhooks(accountId, now),
    run(sql`
      UPDATE ${accountCounters} AS s SET ${fannedOutSequence} = ${endOfBatch}
      WHERE ${accountCounters.accountId} = ${accountId} AND ${eventSequence} > ${fannedOutSequence}`),
  ]
}

/**
 * Inserts the deliveries of all events so far to one webhook by its current settings, so that a change in the same batch
 * applies only to later events.
 */
export function fanOutToWebhook(accountId: string, webhookId: string, now: number) {
  const lastSequence = sql<number>`(SELECT ${accountCounters.eventSequence} FROM ${accountCounters}
    WHERE ${accountCounters.accountId} = ${accountId})`
  return [
    insertDeliveries(
      now,
      sql`FROM ${w}
        CROSS JOIN ${s} ON ${s.accountId} = ${w.accountId}
        CROSS JOIN ${e} ON ${e.accountId} = ${w.accountId}
          AND ${e.sequence} > max(${s.fannedOutSequence}, ${w.fannedOutSequence})
        WHERE ${w.accountId} = ${accountId} AND ${w.id} = ${webhookId} AND ${w.active} = 1 AND ${isSubscribed()}
        ON CONFLICT DO NOTHING`,
    ),
    update(
      webhooks,
      { fannedOutSequence: lastSequence },
      sql`${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${webhookId}`,
    ),
    scheduleWebhooks(accountId, now),
  ]
}

/** Schedules the account's webhooks for their next deliveries. One that is already due keeps its earlier time. */
export function scheduleWebhooks(accountId: string, now: number) {
  const { nextAt } = webhooks
  const due = sql<number | null>`max(${NEXT_DUE_AT}, ${now})`
  return update(
    webhooks,
    { nextAt: due },
    sql`${webhooks.accountId} = ${accountId} AND ${webhooks.active} = 1
      AND ${due} IS NOT NULL AND (${nextAt} IS NULL OR ${nextAt} > ${due})`,
  )
}

const HAS_PENDING_EVENTS = {
  events: sql<number>`${accountCounters.eventSequence} > ${accountCounters.fannedOutSequence}`,
}

export function hasPendingEvents(accountId: string) {
  return select(HAS_PENDING_EVENTS, sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${accountId}`)
}

/** The accounts after an ID that have pending events for a webhook or a pending replay, in the order of their IDs. */
export function findAccountsWithPendingEvents(after: string, limit: number) {
  const { accountId, eventSequence, fannedOutSequence, activeWebhooks } = accountCounters
  const withEvents = sql`SELECT ${accountId} FROM ${accountCounters}
    WHERE ${eventSequence} > ${fannedOutSequence} AND ${accountId} > ${after} AND ${activeWebhooks} > 0
    ORDER BY ${accountId} LIMIT ${limit}`
  const withReplays = sql`SELECT DISTINCT ${replays.accountId} FROM ${replays}
    WHERE ${replays.accountId} > ${after} ORDER BY ${replays.accountId} LIMIT ${limit}`
  return query(
    { account_id: accountId },
    sql`SELECT ${accountId} FROM (
      SELECT ${accountId} FROM (${withEvents}) UNION SELECT ${replays.accountId} FROM (${withReplays}))
    ORDER BY ${accountId} LIMIT ${limit}`,
  )
}
