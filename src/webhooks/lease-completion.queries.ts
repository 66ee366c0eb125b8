import { alias } from '../db/alias'
import { isOfErasedEvent } from '../db/erasures'
import { type JsonRowOf, jsonTable } from '../db/json-table'
import { accountCounters } from '../db/schema/accounts'
import { deliveries, deliveryAttempts, webhooks } from '../db/schema/webhooks'
import { constant } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { query, run, select } from '../db/statement'
import { insertSelect, update } from '../db/write'
import { fanOutToWebhook } from './fan-out.queries'
import { NEXT_DUE_AT, type WebhookRow } from './queries'

const d = alias(deliveries, 'd')

/** An attempt, and the state of its delivery after it. */
const ATTEMPTS = jsonTable('attempt', {
  /** Of the delivery. */
  sequence: deliveries.sequence,
  at: deliveryAttempts.at,
  trigger: deliveryAttempts.trigger,
  status_code: deliveryAttempts.statusCode,
  duration_ms: deliveryAttempts.durationMs,
  error: deliveryAttempts.error,
  response: deliveryAttempts.response,
  /** The scheduled attempts before this one. The delivery has another number if a replay has restarted its schedule. */
  schedule_attempts: deliveries.scheduleAttempts,
  /** Null if the attempt succeeded. */
  last_error: deliveries.lastError,
  /** When the next scheduled attempt is due; null for none. A failed manual attempt leaves the schedule as it is. */
  retry_at: deliveries.retryAt,
})

export type AttemptRecord = JsonRowOf<typeof ATTEMPTS>

const { columns: attempt } = ATTEMPTS
const IS_MANUAL = constant(sql`(${attempt.trigger} = 'manual')`)
const SUCCEEDED = constant(sql`(${attempt.last_error} IS NULL)`)

interface BatchResult {
  accountId: string
  webhookId: string
  leaseId: string
  attempts: AttemptRecord[]
  /** How many deliveries were charged to the quota and not sent. */
  unsent: number
  /** The minute (since 1970) to which they were charged. */
  quotaWindow: number
  isSlow: boolean
  /** The first failure (ms) since the last success of the batch. */
  failedAt: number | null
  succeeded: boolean
  /** Until when (ms) nothing is sent to the webhook. */
  heldUntil: number
  url: string
  /** Why the webhook is disabled, if it still has the URL of the attempts. */
  disable: NonNullable<WebhookRow['disabled_reason']> | null
  now: number
}

/**
 * Records a batch and releases its lease, or does nothing if the lease was lost. A webhook that is disabled keeps its
 * pending deliveries and those of all events so far. `released` returns when the next delivery is due (ms, null for none).
 */
export function completeLease(result: BatchResult) {
  const { accountId, webhookId, leaseId, disable, now } = result
  const { confirmedAt, failingSince } = webhooks
  const isLeased = sql`${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${webhookId}
    AND ${webhooks.leaseId} = ${leaseId}`
  const writes = recordAttempts(result)
  if (result.unsent > 0) writes.push(refundQuota(result))
  if (disable !== null)
    writes.push(
      ...fanOutToWebhook(accountId, webhookId, now),
      update(
        webhooks,
        { active: 0, disabledReason: disable, nextAt: null },
        sql`${isLeased} AND ${webhooks.url} = ${result.url} AND ${webhooks.active} = 1`,
      ),
    )
  return {
    writes,
    released: query(
      { next_at: webhooks.nextAt },
      sql`UPDATE ${webhooks} SET ${webhooks.leaseId} = NULL, ${webhooks.leaseUntil} = ${result.heldUntil},
        ${webhooks.isSlow} = ${Number(result.isSlow)},
        ${failingSince} = CASE WHEN ${Number(result.succeeded)} THEN ${result.failedAt}
          ELSE coalesce(${failingSince}, ${result.failedAt}) END,
        ${confirmedAt} = CASE WHEN ${Number(result.succeeded)} AND ${webhooks.url} = ${result.url}
          THEN coalesce(${confirmedAt}, ${now}) ELSE ${confirmedAt} END,
        ${webhooks.nextAt} = CASE WHEN ${webhooks.active} = 1 THEN max(${NEXT_DUE_AT}, ${now}, ${result.heldUntil}) END
      WHERE ${isLeased}
      RETURNING ${webhooks.nextAt}`,
    ),
  }
}

/** When the next delivery to a webhook is due (ms, null for none). */
export function findNextAt(accountId: string, webhookId: string) {
  const { id, nextAt } = webhooks
  return select(
    { next_at: nextAt },
    sql`FROM ${webhooks} WHERE ${webhooks.accountId} = ${accountId} AND ${id} = ${webhookId}`,
  )
}

type Lease = Pick<BatchResult, 'accountId' | 'webhookId' | 'leaseId'>

function isLeaseHeld({ accountId, webhookId, leaseId }: Lease): SQL {
  return sql`EXISTS (SELECT 1 FROM ${webhooks} WHERE ${webhooks.accountId} = ${accountId}
    AND ${webhooks.id} = ${webhookId} AND ${webhooks.leaseId} = ${leaseId})`
}

function refundQuota(result: BatchResult) {
  const { accountId, unsent, quotaWindow } = result
  return update(
    accountCounters,
    { quotaUsed: sql`max(0, ${accountCounters.quotaUsed} - ${unsent})` },
    sql`${accountCounters.accountId} = ${accountId} AND ${accountCounters.quotaWindow} = ${quotaWindow}
      AND ${isLeaseHeld(result)}`,
  )
}

function recordAttempts(result: BatchResult) {
  const { accountId, webhookId, attempts, now } = result
  const attemptTable = ATTEMPTS.of(attempts)
  const isOfAttempt = sql`${d.accountId} = ${accountId} AND ${d.webhookId} = ${webhookId}
    AND ${d.sequence} = ${attempt.sequence} AND ${isLeaseHeld(result)}`
  return [insertAttempts(attemptTable, isOfAttempt), updateDeliveries(attemptTable, isOfAttempt, now)]
}

function insertAttempts(attemptTable: SQL, isOfAttempt: SQL) {
  return insertSelect(
    deliveryAttempts,
    {
      accountId: d.accountId,
      deliveryId: d.id,
      number: sql`${d.attempts} + 1`,
      at: attempt.at,
      trigger: attempt.trigger,
      statusCode: attempt.status_code,
      durationMs: attempt.duration_ms,
      error: attempt.error,
      response: sql`CASE WHEN ${attempt.response} <> '' AND ${isOfErasedEvent(d)} THEN '' ELSE ${attempt.response} END`,
    },
    sql`FROM ${attemptTable} CROSS JOIN ${d} ON ${isOfAttempt}`,
  )
}

function updateDeliveries(attemptTable: SQL, isOfAttempt: SQL, now: number) {
  // A replay may have restarted the schedule during the attempt: the new schedule applies.
  const isRestarted = sql`(${d.scheduleAttempts} <> ${attempt.schedule_attempts})`
  const keepsSchedule = sql`(${isRestarted} OR (${IS_MANUAL} AND NOT ${SUCCEEDED}))`
  const retryAt = sql`(CASE WHEN ${keepsSchedule} THEN ${d.retryAt} ELSE ${attempt.retry_at} END)`
  const manualRequests = sql`max(0, ${d.manualRequests} - ${IS_MANUAL})`
  return run(sql`
    UPDATE ${deliveries} AS d SET
      ${deliveries.attempts} = ${d.attempts} + 1,
      ${deliveries.scheduleAttempts} = ${d.scheduleAttempts} + (NOT ${IS_MANUAL} AND NOT ${isRestarted}),
      ${deliveries.manualRequests} = ${manualRequests},
      ${deliveries.retryAt} = ${retryAt},
      ${deliveries.lastError} = ${attempt.last_error},
      ${deliveries.outcome} = CASE WHEN ${SUCCEEDED} THEN 'succeeded'
        WHEN ${retryAt} IS NULL THEN coalesce(${d.outcome}, 'failed') ELSE ${d.outcome} END,
      ${deliveries.completedAt} = CASE WHEN ${manualRequests} = 0 AND ${retryAt} IS NULL THEN ${now} END
    FROM ${attemptTable} WHERE ${isOfAttempt}`)
}
