import { type SQL, sql } from 'drizzle-orm'
import { alias } from '../db/alias'
import { accountCounters } from '../db/schema/accounts'
import { deliveries, deliveryAttempts, webhooks } from '../db/schema/webhooks'
import { query, run } from '../db/statement'
import { insertSelect, update } from '../db/write'
import { fanOutToWebhook } from './fan-out.queries'
import { NEXT_DUE_AT } from './queries'

const d = alias(deliveries, 'd')

/** An attempt and what it changes of its delivery. */
export interface AttemptRecord {
  /** Of the delivery. */
  sequence: number
  at: number
  trigger: 'scheduled' | 'manual'
  status_code: number | null
  duration_ms: number
  error: string | null
  response: string | null
  succeeded: boolean
  /** The scheduled attempts before this one. The delivery has another number if a replay has restarted its schedule. */
  schedule_attempts: number
  last_error: string | null
  /** When the next scheduled attempt is due; null for none. A failed manual attempt leaves the schedule as it is. */
  retry_at: number | null
}

export interface BatchResult {
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
  /** Why the webhook is disabled, if it still has the URL of the attempts. */
  disable: { reason: 'gone' | 'failing'; url: string } | null
  now: number
}

/**
 * Records a batch and releases its lease, or does nothing if the lease was lost. A webhook that is disabled keeps its
 * pending deliveries and those of all events so far. `released` returns when the next delivery is due (ms, null for none).
 */
export function completeLease(result: BatchResult) {
  const { accountId, webhookId, leaseId, disable, now } = result
  const own = sql`${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${webhookId}`
  const { failingSince } = webhooks
  const disableWebhook = disable && [
    ...fanOutToWebhook(accountId, webhookId, now),
    update(
      webhooks,
      { active: 0, disabledReason: disable.reason, nextAt: null },
      sql`${own} AND ${webhooks.url} = ${disable.url} AND ${webhooks.active} = 1 AND ${webhooks.leaseId} = ${leaseId}`,
    ),
  ]
  return {
    writes: [
      ...recordAttempts(result),
      ...(result.unsent === 0 ? [] : [refundQuota(result)]),
      ...(disableWebhook ?? []),
    ],
    released: query(
      { next_at: webhooks.nextAt },
      sql`UPDATE ${webhooks} SET ${webhooks.leaseId} = NULL, ${webhooks.leaseUntil} = 0,
        ${webhooks.isSlow} = ${Number(result.isSlow)},
        ${failingSince} = CASE WHEN ${Number(result.succeeded)} THEN ${result.failedAt}
          ELSE coalesce(${failingSince}, ${result.failedAt}) END,
        ${webhooks.nextAt} = CASE WHEN ${webhooks.active} = 1 THEN max(${NEXT_DUE_AT}, ${now}) END
      WHERE ${own} AND ${webhooks.leaseId} = ${leaseId}
      RETURNING ${webhooks.nextAt}`,
    ),
  }
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

/** Inserts the attempts and updates their deliveries. */
function recordAttempts(result: BatchResult) {
  const { accountId, webhookId, attempts, now } = result
  const made = sql`(SELECT value ->> 'sequence' AS sequence, value ->> 'at' AS at, value ->> 'trigger' AS trigger,
      value ->> 'status_code' AS status_code, value ->> 'duration_ms' AS duration_ms, value ->> 'error' AS error,
      value ->> 'response' AS response, value ->> 'trigger' = 'manual' AS is_manual, value ->> 'succeeded' AS succeeded,
      value ->> 'schedule_attempts' AS schedule_attempts, value ->> 'last_error' AS last_error,
      value ->> 'retry_at' AS retry_at
    FROM json_each(${JSON.stringify(attempts)})) made`
  const isOfAttempt = sql`${d.accountId} = ${accountId} AND ${d.webhookId} = ${webhookId}
    AND ${d.sequence} = made.sequence AND ${isLeaseHeld(result)}`

  const isRestarted = sql`(${d.scheduleAttempts} <> made.schedule_attempts)`
  const keepsSchedule = sql`(${isRestarted} OR (made.is_manual AND NOT made.succeeded))`
  const retryAt = sql`(CASE WHEN ${keepsSchedule} THEN ${d.retryAt} ELSE made.retry_at END)`
  const manualRequests = sql`max(0, ${d.manualRequests} - made.is_manual)`
  const isCompleted = sql`(${manualRequests} = 0 AND ${retryAt} IS NULL)`

  return [
    insertSelect(
      deliveryAttempts,
      {
        accountId: d.accountId,
        deliveryId: d.id,
        number: sql`${d.attempts} + 1`,
        at: sql`made.at`,
        trigger: sql`made.trigger`,
        statusCode: sql`made.status_code`,
        durationMs: sql`made.duration_ms`,
        error: sql`made.error`,
        response: sql`made.response`,
      },
      sql`FROM ${made} CROSS JOIN ${d} ON ${isOfAttempt}`,
    ),
    run(sql`
      UPDATE ${deliveries} AS d SET
        ${deliveries.attempts} = ${d.attempts} + 1,
        ${deliveries.scheduleAttempts} = ${d.scheduleAttempts} + (NOT made.is_manual AND NOT ${isRestarted}),
        ${deliveries.manualRequests} = ${manualRequests},
        ${deliveries.retryAt} = ${retryAt},
        ${deliveries.lastError} = made.last_error,
        ${deliveries.outcome} = CASE WHEN made.succeeded THEN 'succeeded'
          WHEN ${retryAt} IS NULL THEN coalesce(${d.outcome}, 'failed') ELSE ${d.outcome} END,
        ${deliveries.completedAt} = CASE WHEN ${isCompleted} THEN ${now} END
      FROM ${made} WHERE ${isOfAttempt}`),
  ]
}
