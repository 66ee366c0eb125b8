import { alias } from '../db/alias'
import { accountCounters } from '../db/schema/accounts'
import { deliveries, deliveryAttempts, webhooks } from '../db/schema/webhooks'
import { type SQL, sql } from '../db/sql'
import { query, run } from '../db/statement'
import { insertSelect, update } from '../db/write'
import { fanOutToWebhook } from './fan-out.queries'
import { NEXT_DUE_AT } from './queries'

const d = alias(deliveries, 'd')

/** An attempt, and the state of its delivery after it. */
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
  const { failingSince } = webhooks
  const isLeased = sql`${webhooks.accountId} = ${accountId} AND ${webhooks.id} = ${webhookId}
    AND ${webhooks.leaseId} = ${leaseId}`
  const writes = recordAttempts(result)
  if (result.unsent > 0) writes.push(refundQuota(result))
  if (disable !== null)
    writes.push(
      ...fanOutToWebhook(accountId, webhookId, now),
      update(
        webhooks,
        { active: 0, disabledReason: disable.reason, nextAt: null },
        sql`${isLeased} AND ${webhooks.url} = ${disable.url} AND ${webhooks.active} = 1`,
      ),
    )
  return {
    writes,
    released: query(
      { next_at: webhooks.nextAt },
      sql`UPDATE ${webhooks} SET ${webhooks.leaseId} = NULL, ${webhooks.leaseUntil} = 0,
        ${webhooks.isSlow} = ${Number(result.isSlow)},
        ${failingSince} = CASE WHEN ${Number(result.succeeded)} THEN ${result.failedAt}
          ELSE coalesce(${failingSince}, ${result.failedAt}) END,
        ${webhooks.nextAt} = CASE WHEN ${webhooks.active} = 1 THEN max(${NEXT_DUE_AT}, ${now}) END
      WHERE ${isLeased}
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

function recordAttempts(result: BatchResult) {
  const { accountId, webhookId, attempts, now } = result
  const attempt = attemptTable(attempts)
  const isOfAttempt = sql`${d.accountId} = ${accountId} AND ${d.webhookId} = ${webhookId}
    AND ${d.sequence} = attempt.sequence AND ${isLeaseHeld(result)}`
  return [insertAttempts(attempt, isOfAttempt), updateDeliveries(attempt, isOfAttempt, now)]
}

/** The fields of `AttemptRecord`, and `is_manual`, as columns of a table `attempt`. */
function attemptTable(attempts: AttemptRecord[]): SQL {
  return sql`(SELECT value ->> 'sequence' AS sequence, value ->> 'at' AS at, value ->> 'trigger' AS trigger,
      value ->> 'status_code' AS status_code, value ->> 'duration_ms' AS duration_ms, value ->> 'error' AS error,
      value ->> 'response' AS response, value ->> 'trigger' = 'manual' AS is_manual, value ->> 'succeeded' AS succeeded,
      value ->> 'schedule_attempts' AS schedule_attempts, value ->> 'last_error' AS last_error,
      value ->> 'retry_at' AS retry_at
    FROM json_each(${JSON.stringify(attempts)})) attempt`
}

function insertAttempts(attempt: SQL, isOfAttempt: SQL) {
  return insertSelect(
    deliveryAttempts,
    {
      accountId: d.accountId,
      deliveryId: d.id,
      number: sql`${d.attempts} + 1`,
      at: sql`attempt.at`,
      trigger: sql`attempt.trigger`,
      statusCode: sql`attempt.status_code`,
      durationMs: sql`attempt.duration_ms`,
      error: sql`attempt.error`,
      response: sql`attempt.response`,
    },
    sql`FROM ${attempt} CROSS JOIN ${d} ON ${isOfAttempt}`,
  )
}

function updateDeliveries(attempt: SQL, isOfAttempt: SQL, now: number) {
  // A replay may have restarted the schedule during the attempt: the new schedule applies.
  const isRestarted = sql`(${d.scheduleAttempts} <> attempt.schedule_attempts)`
  const keepsSchedule = sql`(${isRestarted} OR (attempt.is_manual AND NOT attempt.succeeded))`
  const retryAt = sql`(CASE WHEN ${keepsSchedule} THEN ${d.retryAt} ELSE attempt.retry_at END)`
  const manualRequests = sql`max(0, ${d.manualRequests} - attempt.is_manual)`
  return run(sql`
    UPDATE ${deliveries} AS d SET
      ${deliveries.attempts} = ${d.attempts} + 1,
      ${deliveries.scheduleAttempts} = ${d.scheduleAttempts} + (NOT attempt.is_manual AND NOT ${isRestarted}),
      ${deliveries.manualRequests} = ${manualRequests},
      ${deliveries.retryAt} = ${retryAt},
      ${deliveries.lastError} = attempt.last_error,
      ${deliveries.outcome} = CASE WHEN attempt.succeeded THEN 'succeeded'
        WHEN ${retryAt} IS NULL THEN coalesce(${d.outcome}, 'failed') ELSE ${d.outcome} END,
      ${deliveries.completedAt} = CASE WHEN ${manualRequests} = 0 AND ${retryAt} IS NULL THEN ${now} END
    FROM ${attempt} WHERE ${isOfAttempt}`)
}
