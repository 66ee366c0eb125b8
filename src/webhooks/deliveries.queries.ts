import { alias } from '../db/alias'
import { isOfErasedEvent } from '../db/erasures'
import { jsonObject } from '../db/json'
import { insertEvent, reserveSequences, type WebhookTestSnapshot } from '../db/outbox'
import { accountCounters } from '../db/schema/accounts'
import { deliveries, deliveryAttempts, events, webhooks } from '../db/schema/webhooks'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { query, run, select } from '../db/statement'
import { insertSelect } from '../db/write'
import { scheduleWebhooks } from './fan-out.queries'

const a = alias(deliveryAttempts, 'a')
const d = alias(deliveries, 'd')
const w = alias(webhooks, 'w')

const DELIVERY = selection({
  id: deliveries.id,
  webhook_id: deliveries.webhookId,
  event_id: deliveries.eventId,
  event: deliveries.event,
  sequence: deliveries.sequence,
  status: sql<'pending' | NonNullable<(typeof deliveries)['$inferSelect']['outcome']>>`${deliveries.status}`,
  attempts: deliveries.attempts,
  due_at: deliveries.dueAt,
  last_error: deliveries.lastError,
  created_at: deliveries.createdAt,
})

export type DeliveryRow = RowOf<typeof DELIVERY>

const ATTEMPT = selection({
  number: deliveryAttempts.number,
  at: deliveryAttempts.at,
  trigger: deliveryAttempts.trigger,
  status_code: deliveryAttempts.statusCode,
  duration_ms: deliveryAttempts.durationMs,
  error: deliveryAttempts.error,
  response: deliveryAttempts.response,
})

export type AttemptRow = RowOf<typeof ATTEMPT>

/** How many deliveries a page reads at most to find those that match the filters. */
export const DELIVERIES_PER_SCAN = 1_000

/** The deliveries of a webhook after a sequence, in a direction. */
export interface DeliveryWindow {
  status: DeliveryRow['status'] | undefined
  event: string | undefined
  after: number | null
  direction: 'older' | 'newer'
}

/** The next deliveries of the window, nearest first, among the next `DELIVERIES_PER_SCAN`. */
export function findDeliveries(accountId: string, webhookId: string, window: DeliveryWindow, limit: number) {
  const ofEvent = window.event === undefined ? sql`` : sql`WHERE ${deliveries.event} = ${window.event}`
  return select(
    DELIVERY,
    sql`FROM (${scan(accountId, webhookId, window)}) ${ofEvent} ORDER BY ${order(window)} LIMIT ${limit}`,
  )
}

/** How many deliveries `findDeliveries` reads, and the sequence of the furthest (null for none). */
export function measureDeliveryScan(accountId: string, webhookId: string, window: DeliveryWindow) {
  const { sequence } = deliveries
  const last =
    window.direction === 'older' ? sql<number | null>`min(${sequence})` : sql<number | null>`max(${sequence})`
  return select({ scanned: sql<number>`count(*)`, last }, sql`FROM (${scan(accountId, webhookId, window)})`)
}

function scan(accountId: string, webhookId: string, window: DeliveryWindow): SQL {
  const ofStatus = window.status === undefined ? sql`` : sql` AND ${deliveries.status} = ${window.status}`
  const comparison = window.direction === 'older' ? sql`<` : sql`>`
  const isAfter = window.after === null ? sql`` : sql` AND ${deliveries.sequence} ${comparison} ${window.after}`
  return sql`SELECT ${DELIVERY.list} FROM ${deliveries}
    WHERE ${deliveries.accountId} = ${accountId} AND ${deliveries.webhookId} = ${webhookId}${ofStatus}${isAfter}
    ORDER BY ${order(window)} LIMIT ${DELIVERIES_PER_SCAN}`
}

function order({ direction }: DeliveryWindow): SQL {
  return direction === 'older' ? sql`${deliveries.sequence} DESC` : sql`${deliveries.sequence}`
}

export function findDelivery(accountId: string, webhookId: string, id: string) {
  return select(
    DELIVERY,
    sql`FROM ${deliveries}
      WHERE ${deliveries.accountId} = ${accountId} AND ${deliveries.id} = ${id} AND ${deliveries.webhookId} = ${webhookId}`,
  )
}

/** A delivery whose webhook is active. */
export function findSendable(accountId: string, webhookId: string, id: string) {
  return select(
    { id: d.id },
    sql`FROM ${d} CROSS JOIN ${w} ON ${w.accountId} = ${d.accountId} AND ${w.id} = ${d.webhookId}
      WHERE ${d.accountId} = ${accountId} AND ${d.id} = ${id} AND ${d.webhookId} = ${webhookId} AND ${w.active} = 1`,
  )
}

/** The latest attempts of a delivery, oldest first. A response to an event whose texts are erased could repeat them. */
export function findAttempts(accountId: string, deliveryId: string, limit: number) {
  const { number, response } = deliveryAttempts
  const latest = sql`SELECT * FROM ${deliveryAttempts}
    WHERE ${deliveryAttempts.accountId} = ${accountId} AND ${deliveryAttempts.deliveryId} = ${deliveryId}
    ORDER BY ${number} DESC LIMIT ${limit}`
  // Not correlated: SQLite looks once, and only if there is a response.
  const isErased = sql`(SELECT ${isOfErasedEvent(d)} FROM ${d} WHERE ${d.accountId} = ${accountId} AND ${d.id} = ${deliveryId})`
  return select(
    {
      ...ATTEMPT.fields,
      response: sql<string | null>`CASE WHEN ${response} <> '' AND ${isErased} THEN '' ELSE ${response} END`,
    },
    sql`FROM (${latest}) ORDER BY ${number}`,
  )
}

/** Makes a delivery due now, for one more attempt, if its webhook is active. */
export function requestAttempt(accountId: string, webhookId: string, id: string, now: number) {
  const { manualRequests, manualRequestedAt, completedAt } = deliveries
  return [
    run(sql`
      UPDATE ${deliveries}
      SET ${manualRequests} = ${manualRequests} + 1, ${manualRequestedAt} = ${now}, ${completedAt} = NULL
      WHERE ${deliveries.accountId} = ${accountId} AND ${deliveries.id} = ${id} AND ${deliveries.webhookId} = ${webhookId}
        AND EXISTS (SELECT 1 FROM ${w} WHERE ${w.accountId} = ${accountId} AND ${w.id} = ${webhookId} AND ${w.active} = 1)`),
    scheduleWebhooks(accountId, now),
  ]
}

const TESTED_WEBHOOK = selection({ id: w.id })

interface TestEvent {
  id: string
  deliveryId: string
}

/**
 * Inserts a test event and its delivery to one webhook, if that is active. Agents can list the event, and may not see the
 * URL: the event does not hold it.
 */
export function insertTest(accountId: string, webhookId: string, { id, deliveryId }: TestEvent, now: number) {
  const active = sql`${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${webhookId} AND ${webhooks.active} = 1`
  const lastSequence = sql`SELECT ${accountCounters.eventSequence} FROM ${accountCounters}
    WHERE ${accountCounters.accountId} = ${accountId}`
  return [
    reserveSequences(accountId, { now }, sql`EXISTS (SELECT 1 FROM ${webhooks} WHERE ${active})`),
    insertEvent({
      id,
      type: 'webhook.test',
      accountId,
      ticketId: null,
      isInternal: false,
      data: jsonObject<WebhookTestSnapshot>({ webhook: TESTED_WEBHOOK.json }),
      from: sql`(SELECT ${webhooks.id} FROM ${webhooks} WHERE ${active}) w`,
    }),
    insertSelect(
      deliveries,
      {
        accountId: events.accountId,
        webhookId,
        sequence: events.sequence,
        id: deliveryId,
        eventId: events.id,
        event: events.type,
        createdAt: now,
        retryAt: now,
      },
      sql`FROM ${events}
        WHERE ${events.accountId} = ${accountId} AND ${events.sequence} = (${lastSequence}) AND ${events.id} = ${id}`,
    ),
    scheduleWebhooks(accountId, now),
  ]
}

/** Records on at most `limit` of an account's due deliveries that their queue message became a dead letter. */
export function markDeadLettered(accountId: string, limit: number, now: number) {
  return run(sql`
    UPDATE ${deliveries} SET ${deliveries.lastError} = 'dead_letter'
    WHERE ${deliveries.accountId} = ${accountId} AND (${deliveries.webhookId}, ${deliveries.sequence}) IN (
      SELECT ${d.webhookId}, ${d.sequence} FROM ${w}
      CROSS JOIN ${d} ON ${d.accountId} = ${w.accountId} AND ${d.webhookId} = ${w.id} AND ${d.dueAt} <= ${now}
      WHERE ${w.accountId} = ${accountId} LIMIT ${limit})`)
}

/** Cancels at most `limit` deliveries of deleted webhooks and dates their completion 0, so that the sweep deletes them. */
export function cancelDeliveries(limit: number) {
  const { retryAt, manualRequests, completedAt } = deliveries
  return run(sql`
    UPDATE ${deliveries} SET ${retryAt} = NULL, ${manualRequests} = 0, ${completedAt} = 0
    WHERE (${deliveries.accountId}, ${deliveries.webhookId}, ${deliveries.sequence}) IN (
      SELECT ${d.accountId}, ${d.webhookId}, ${d.sequence}
      FROM (SELECT ${webhooks.accountId}, ${webhooks.id} FROM ${webhooks} WHERE ${webhooks.deletedAt} IS NOT NULL) w
      CROSS JOIN ${d} ON ${d.accountId} = ${w.accountId} AND ${d.webhookId} = ${w.id} AND ${d.completedAt} IS NOT 0
      LIMIT ${limit})`)
}

/** Deletes at most `limit` attempts of deliveries that completed before a time (ms), and returns a row for each. */
export function deleteCompletedAttempts(before: number, limit: number) {
  const { accountId, id, completedAt } = deliveries
  const { deliveryId, number } = deliveryAttempts
  return query(
    { number },
    sql`DELETE FROM ${deliveryAttempts} WHERE (${deliveryAttempts.accountId}, ${deliveryId}, ${number}) IN (
      SELECT ${a.accountId}, ${a.deliveryId}, ${a.number}
      FROM (SELECT ${accountId}, ${id} FROM ${deliveries}
        WHERE ${completedAt} < ${before} ORDER BY ${completedAt} LIMIT ${limit}) d
      CROSS JOIN ${a} ON ${a.accountId} = ${d.accountId} AND ${a.deliveryId} = ${d.id}
      LIMIT ${limit})
    RETURNING ${number}`,
  )
}

/** As `deleteCompletedAttempts`, for the deliveries that have no attempts any more. */
export function deleteCompletedDeliveries(before: number, limit: number) {
  const { accountId, webhookId, sequence, id, completedAt } = deliveries
  return query(
    { sequence },
    sql`DELETE FROM ${deliveries} WHERE (${deliveries.accountId}, ${deliveries.webhookId}, ${deliveries.sequence}) IN (
      SELECT ${d.accountId}, ${d.webhookId}, ${d.sequence}
      FROM (SELECT ${accountId}, ${webhookId}, ${sequence}, ${id} FROM ${deliveries}
        WHERE ${completedAt} < ${before} ORDER BY ${completedAt} LIMIT ${limit}) d
      WHERE NOT EXISTS (SELECT 1 FROM ${a} WHERE ${a.accountId} = ${d.accountId} AND ${a.deliveryId} = ${d.id}))
    RETURNING ${sequence}`,
  )
}

/** Deletes at most `limit` deleted webhooks that have no deliveries any more. */
export function purgeDeletedWebhooks(limit: number) {
  return run(sql`
    DELETE FROM ${webhooks} WHERE ${webhooks.deletedAt} IS NOT NULL AND (${webhooks.accountId}, ${webhooks.id}) IN (
      SELECT ${w.accountId}, ${w.id} FROM ${w} WHERE ${w.deletedAt} IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM ${d} WHERE ${d.accountId} = ${w.accountId} AND ${d.webhookId} = ${w.id})
      LIMIT ${limit})`)
}

/** Of all accounts: a webhook with a due delivery that no worker has leased. */
export function hasDueWebhook(now: number) {
  return select(
    { id: webhooks.id },
    sql`FROM ${webhooks} WHERE ${webhooks.nextAt} <= ${now} AND ${webhooks.leaseUntil} <= ${now}
      ORDER BY ${webhooks.nextAt} LIMIT 1`,
  )
}
