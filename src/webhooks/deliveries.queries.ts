import { type SQL, sql } from 'drizzle-orm'
import { returning } from '../db/legacy'
import { insertEvent, reserveSequences } from '../db/outbox'
import { run, select } from '../db/statement'
import { scheduleWebhooks } from './fan-out.queries'

export interface DeliveryRow {
  id: string
  webhook_id: string
  event_id: string
  event: string
  sequence: number
  status: 'pending' | 'succeeded' | 'failed'
  attempts: number
  due_at: number | null
  last_error: string | null
  created_at: number
}

export interface AttemptRow {
  number: number
  at: number
  trigger: 'scheduled' | 'manual'
  status_code: number | null
  duration_ms: number
  error: string | null
  response: string | null
}

const COLUMNS = sql`id, webhook_id, event_id, event, sequence, status, attempts, due_at, last_error, created_at`

/** How many deliveries a page may look through for those of one event. */
export const DELIVERIES_A_SCAN = 1_000

/** A part of a webhook's deliveries: those beyond a sequence, towards older or newer ones. */
export interface DeliveryWindow {
  status: string | undefined
  event: string | undefined
  after: number | null
  direction: 'older' | 'newer'
}

/** The next deliveries of a slice, nearest first, among the next `DELIVERIES_A_SCAN`. */
export function findDeliveries(accountId: string, webhookId: string, window: DeliveryWindow, limit: number) {
  const wanted = window.event === undefined ? sql`` : sql`WHERE event = ${window.event}`
  return select<DeliveryRow>(sql`
    SELECT ${COLUMNS} FROM (${scan(accountId, webhookId, window)}) ${wanted} ORDER BY ${order(window)} LIMIT ${limit}`)
}

/** How many deliveries `findDeliveries` looks through, and the sequence of the furthest (null where there is none). */
export function measureDeliveryScan(accountId: string, webhookId: string, window: DeliveryWindow) {
  const furthest = window.direction === 'older' ? sql`min(sequence)` : sql`max(sequence)`
  return select<{ scanned: number; last: number | null }>(sql`
    SELECT count(*) AS scanned, ${furthest} AS last FROM (${scan(accountId, webhookId, window)})`)
}

function scan(accountId: string, webhookId: string, window: DeliveryWindow): SQL {
  const ofStatus = window.status === undefined ? sql`` : sql` AND status = ${window.status}`
  const comparison = window.direction === 'older' ? sql`<` : sql`>`
  const further = window.after === null ? sql`` : sql` AND sequence ${comparison} ${window.after}`
  return sql`SELECT ${COLUMNS} FROM deliveries
    WHERE account_id = ${accountId} AND webhook_id = ${webhookId}${ofStatus}${further}
    ORDER BY ${order(window)} LIMIT ${DELIVERIES_A_SCAN}`
}

function order({ direction }: DeliveryWindow): SQL {
  return direction === 'older' ? sql`sequence DESC` : sql`sequence`
}

/** One delivery of a webhook. */
export function findDelivery(accountId: string, webhookId: string, id: string) {
  return returning(
    select<DeliveryRow>(sql`
      SELECT ${COLUMNS} FROM deliveries WHERE account_id = ${accountId} AND id = ${id} AND webhook_id = ${webhookId}`),
    ['id', 'webhook_id', 'event_id', 'event', 'sequence', 'status', 'attempts', 'due_at', 'last_error', 'created_at'],
  )
}

/** One delivery of a webhook that is active: what can be sent. */
export function findSendable(accountId: string, webhookId: string, id: string) {
  return returning(
    select<{ id: string }>(sql`
      SELECT d.id FROM deliveries d CROSS JOIN webhooks w ON w.account_id = d.account_id AND w.id = d.webhook_id
      WHERE d.account_id = ${accountId} AND d.id = ${id} AND d.webhook_id = ${webhookId} AND w.active = 1`),
    ['id'],
  )
}

/** The latest attempts of a delivery, in their order. */
export function findAttempts(accountId: string, deliveryId: string, limit: number) {
  return select<AttemptRow>(sql`
    SELECT * FROM (
      SELECT number, at, trigger, status_code, duration_ms, error, response FROM delivery_attempts
      WHERE account_id = ${accountId} AND delivery_id = ${deliveryId} ORDER BY number DESC LIMIT ${limit})
    ORDER BY number`)
}

/** Asks for one more attempt of a delivery, now, if its webhook is active. */
export function requestAttempt(accountId: string, webhookId: string, id: string, now: number) {
  return [
    run(sql`
      UPDATE deliveries SET manual = manual + 1, manual_at = ${now}, settled_at = NULL
      WHERE account_id = ${accountId} AND id = ${id} AND webhook_id = ${webhookId}
        AND EXISTS (SELECT 1 FROM webhooks w WHERE w.account_id = ${accountId} AND w.id = ${webhookId} AND w.active = 1)`),
    scheduleWebhooks(accountId, now),
  ]
}

interface TestEvent {
  id: string
  deliveryId: string
}

/**
 * Writes a test event and its delivery to the one webhook, if that is active. The event, which agents can list, does not
 * hold the URL, which they may not see.
 */
export function insertTest(accountId: string, webhookId: string, { id, deliveryId }: TestEvent, now: number) {
  const active = sql`account_id = ${accountId} AND id = ${webhookId} AND active = 1`
  return [
    reserveSequences(accountId, { now }, sql`EXISTS (SELECT 1 FROM webhooks WHERE ${active})`),
    insertEvent({
      id,
      type: 'webhook.test',
      accountId,
      ticketId: null,
      isInternal: false,
      data: sql`json_object('webhook', json_object('id', w.id))`,
      from: sql`(SELECT id FROM webhooks WHERE ${active}) w`,
    }),
    run(sql`
      INSERT INTO deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, retry_at)
      SELECT account_id, ${webhookId}, sequence, ${deliveryId}, id, type, ${now}, ${now} FROM events
      WHERE account_id = ${accountId} AND sequence = (SELECT event_sequence FROM account_state WHERE account_id = ${accountId})
        AND id = ${id}`),
    scheduleWebhooks(accountId, now),
  ]
}

/** Shows on an account's deliveries that are due that their message has ended as a dead letter, on at most `limit`. */
export function markDeadLettered(accountId: string, limit: number, now: number) {
  return run(sql`
    UPDATE deliveries SET last_error = 'dead_letter'
    WHERE account_id = ${accountId} AND (webhook_id, sequence) IN (
      SELECT d.webhook_id, d.sequence FROM webhooks w
      CROSS JOIN deliveries d ON d.account_id = w.account_id AND d.webhook_id = w.id AND d.due_at <= ${now}
      WHERE w.account_id = ${accountId} LIMIT ${limit})`)
}

/** Lets go of the deliveries of deleted webhooks, at most `limit`: as long settled, they are swept away. */
export function cancelDeliveries(limit: number) {
  return run(sql`
    UPDATE deliveries SET retry_at = NULL, manual = 0, settled_at = 0
    WHERE (account_id, webhook_id, sequence) IN (
      SELECT d.account_id, d.webhook_id, d.sequence
      FROM (SELECT account_id, id FROM webhooks WHERE deleted_at IS NOT NULL) w
      CROSS JOIN deliveries d ON d.account_id = w.account_id AND d.webhook_id = w.id AND d.settled_at IS NOT 0
      LIMIT ${limit})`)
}

/** Deletes attempts of deliveries settled before a time (ms), and then deliveries without any: at most `limit` each. */
export function deleteCompleted(before: number, limit: number) {
  return [
    select<{ number: number }>(sql`
      DELETE FROM delivery_attempts WHERE (account_id, delivery_id, number) IN (
        SELECT a.account_id, a.delivery_id, a.number
        FROM (SELECT account_id, id FROM deliveries WHERE settled_at < ${before} ORDER BY settled_at LIMIT ${limit}) d
        CROSS JOIN delivery_attempts a ON a.account_id = d.account_id AND a.delivery_id = d.id
        LIMIT ${limit})
      RETURNING number`),
    select<{ sequence: number }>(sql`
      DELETE FROM deliveries WHERE (account_id, webhook_id, sequence) IN (
        SELECT d.account_id, d.webhook_id, d.sequence
        FROM (SELECT account_id, webhook_id, sequence, id FROM deliveries
          WHERE settled_at < ${before} ORDER BY settled_at LIMIT ${limit}) d
        WHERE NOT EXISTS (SELECT 1 FROM delivery_attempts a WHERE a.account_id = d.account_id AND a.delivery_id = d.id))
      RETURNING sequence`),
  ] as const
}

/** Deletes the rows of deleted webhooks whose deliveries are gone, at most `limit`. */
export function purgeDeletedWebhooks(limit: number) {
  return run(sql`
    DELETE FROM webhooks WHERE deleted_at IS NOT NULL AND (account_id, id) IN (
      SELECT w.account_id, w.id FROM webhooks w WHERE w.deleted_at IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.account_id = w.account_id AND d.webhook_id = w.id)
      LIMIT ${limit})`)
}

/** Whether any account has a delivery that is due and in nobody's hands. The sweep's own question. */
export function hasDueWebhook(now: number) {
  return select<{ id: string }>(sql`
    SELECT id FROM webhooks WHERE next_at <= ${now} AND lease_until <= ${now} ORDER BY next_at LIMIT 1`)
}
