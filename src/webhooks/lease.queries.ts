import { sql } from 'drizzle-orm'
import type { EventType } from '../db/outbox'
import { run, select } from '../db/statement'
import { MINUTE } from '../lib/time'
import { fanOutToWebhook } from './fan-out.queries'
import { NEXT_DUE_AT } from './queries'

/** How many deliveries a webhook sends before it is the next one's turn, and how many bytes of events at most. */
const DELIVERIES_PER_BATCH = 20
const BYTES_PER_BATCH = 1_048_576

/** How many waiting webhooks are looked at, of the slow and of the others: those that can't have a turn do not count. */
const WEBHOOKS_PER_SCAN = 500

/** A webhook that is leased to a sender. */
export interface LeasedRow {
  account_id: string
  id: string
  url: string
  secret: string
  previous_secret: string | null
  previous_until: number | null
  slow: number
  failing_since: number | null
  /** How many deliveries of the account's pace it has taken up. */
  turn_size: number
}

/** A delivery that is due, and its event; null where that is kept no longer. */
export interface DueDelivery {
  account_id: string
  webhook_id: string
  sequence: number
  is_manual: number
  tries: number
  id: string | null
  type: EventType | null
  data: string | null
  created_at: number | null
}

export interface LeaseRequest {
  leaseId: string
  leaseUntil: number
  /** How many webhooks may be leased, and how many of them may be slow ones. */
  atMost: number
  slowAtMost: number
  /** How many deliveries an account may send in a minute. */
  quota: { standard: number; premium: number }
  now: number
}

/**
 * Leases webhooks that have something due, at most one of an account, first those of the account that has waited
 * longest, and gives what they are to send. The sender's own question, over all accounts.
 */
export function leaseWebhooks({ leaseId, leaseUntil, atMost, slowAtMost, quota, now }: LeaseRequest) {
  const minute = Math.floor(now / MINUTE)
  const sent = sql`CASE s.pace_minute WHEN ${minute} THEN s.pace_sent ELSE 0 END`
  const allowed = sql`CASE a.plan WHEN 'premium' THEN ${quota.premium} ELSE ${quota.standard} END`
  const look = (slow: 0 | 1) => sql`
    SELECT w.account_id, w.id, w.slow, w.next_at, s.served_at, ${allowed} - ${sent} AS room
    FROM webhooks w
    CROSS JOIN account_state s ON s.account_id = w.account_id
    CROSS JOIN accounts a ON a.id = w.account_id
    WHERE w.next_at <= ${now} AND w.lease_until <= ${now} AND w.slow = ${slow} AND ${sent} < ${allowed}
    ORDER BY w.next_at LIMIT ${WEBHOOKS_PER_SCAN}`
  const waiting = sql`
    SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY slow, next_at) AS place_in_account
    FROM (SELECT * FROM (${look(0)}) UNION ALL SELECT * FROM (${look(1)}))`
  const chosen = sql`
    SELECT account_id, id, min(CASE slow WHEN 1 THEN 1 ELSE room END,
      (SELECT count(*) FROM (SELECT 1 FROM deliveries d WHERE d.account_id = placed.account_id AND d.webhook_id = placed.id
        AND d.due_at <= ${now} LIMIT ${DELIVERIES_PER_BATCH}))) AS size
    FROM (SELECT *, row_number() OVER (PARTITION BY slow ORDER BY served_at) AS place FROM (${waiting})
      WHERE place_in_account = 1) placed
    WHERE place <= CASE slow WHEN 1 THEN ${slowAtMost} ELSE ${atMost} END
    ORDER BY served_at LIMIT ${atMost}`
  return [
    select<LeasedRow>(sql`
      UPDATE webhooks SET lease_id = ${leaseId}, lease_until = ${leaseUntil}, turn_size = turn.size
      FROM (${chosen}) turn WHERE webhooks.account_id = turn.account_id AND webhooks.id = turn.id
      RETURNING account_id, id, url, secret, previous_secret, previous_until, slow, failing_since, turn_size`),
    select<DueDelivery>(sql`
      SELECT account_id, webhook_id, is_manual, tries, sequence, id, type, data, created_at FROM (
        SELECT d.account_id, d.webhook_id, d.manual > 0 AS is_manual, d.tries, d.sequence,
          e.id, e.type, e.data, e.created_at, w.turn_size,
          row_number() OVER line AS place, total(octet_length(e.data)) OVER line AS bytes
        FROM webhooks w
        CROSS JOIN deliveries d ON d.account_id = w.account_id AND d.webhook_id = w.id AND d.sequence IN (
          SELECT x.sequence FROM deliveries x WHERE x.account_id = w.account_id AND x.webhook_id = w.id
            AND x.due_at <= ${now} ORDER BY x.due_at, x.sequence LIMIT ${DELIVERIES_PER_BATCH})
        LEFT JOIN events e ON e.account_id = d.account_id AND e.sequence = d.sequence
        WHERE w.lease_id = ${leaseId} AND w.lease_until > ${now} AND w.next_at <= ${now}
        WINDOW line AS (PARTITION BY w.account_id, w.id ORDER BY d.due_at, d.sequence))
      WHERE place <= turn_size AND (place = 1 OR bytes <= ${BYTES_PER_BATCH})
      ORDER BY place`),
    run(sql`
      UPDATE account_state SET served_at = ${now},
        pace_sent = CASE pace_minute WHEN ${minute} THEN pace_sent ELSE 0 END + turn.size, pace_minute = ${minute}
      FROM (SELECT account_id, turn_size AS size FROM webhooks
        WHERE next_at <= ${now} AND lease_id = ${leaseId} AND lease_until > ${now}) turn
      WHERE account_state.account_id = turn.account_id`),
    select<{ next_at: number | null }>(sql`
      SELECT next_at FROM webhooks WHERE next_at IS NOT NULL AND lease_until <= ${now} ORDER BY next_at LIMIT 1`),
  ] as const
}

/** An attempt as it is written down, by the sequence of its delivery. */
export interface AttemptRecord {
  sequence: number
  at: number
  trigger: 'scheduled' | 'manual'
  status_code: number | null
  duration_ms: number
  error: string | null
  response: string | null
  succeeded: boolean
  /** Of the schedule, before this one: a replay that came meanwhile has begun it anew. */
  tries: number
  last_error: string | null
  /** When the next scheduled attempt is due; null for none. A manual attempt that failed leaves it as it is. */
  retry_at: number | null
}

export interface BatchResult {
  accountId: string
  webhookId: string
  leaseId: string
  attempts: AttemptRecord[]
  /** How many deliveries of the account's pace the turn has taken up and not sent. */
  unsent: number
  /** The minute (since 1970) whose pace they were taken from. */
  quotaWindow: number
  slow: boolean
  /** The first failure (ms) since the last success of the turn, if there is one. */
  failedAt: number | null
  succeeded: boolean
  /** Why the webhook is to be switched off, if it still has the URL that was sent to. */
  disable: { reason: 'gone' | 'failing'; url: string } | null
  now: number
}

/**
 * Writes down what a turn has done and gives the lease back, in one batch; nothing where the lease was lost. A webhook
 * that is switched off keeps what has happened until then as due. `released` gives when the next delivery is due (ms,
 * null for none), which puts the webhook at the end of the line.
 */
export function completeLease(turn: BatchResult) {
  const { accountId, webhookId, leaseId, disable, now } = turn
  const own = sql`account_id = ${accountId} AND id = ${webhookId}`
  return {
    writes: [
      ...recordAttempts(turn),
      ...(turn.unsent === 0 ? [] : [refundQuota(turn)]),
      ...(disable === null
        ? []
        : [
            ...fanOutToWebhook(accountId, webhookId, now),
            run(sql`
              UPDATE webhooks SET active = 0, disabled_reason = ${disable.reason}, next_at = NULL
              WHERE ${own} AND url = ${disable.url} AND active = 1 AND lease_id = ${leaseId}`),
          ]),
    ],
    released: select<{ next_at: number | null }>(sql`
      UPDATE webhooks SET lease_id = NULL, lease_until = 0, slow = ${turn.slow ? 1 : 0},
        failing_since = CASE WHEN ${turn.succeeded ? 1 : 0} THEN ${turn.failedAt}
          ELSE coalesce(failing_since, ${turn.failedAt}) END,
        next_at = CASE WHEN active = 1 THEN max(${NEXT_DUE_AT}, ${now}) END
      WHERE ${own} AND lease_id = ${leaseId}
      RETURNING next_at`),
  }
}

function refundQuota({ accountId, webhookId, leaseId, unsent, quotaWindow }: BatchResult) {
  return run(sql`
    UPDATE account_state SET pace_sent = max(0, pace_sent - ${unsent})
    WHERE account_id = ${accountId} AND pace_minute = ${quotaWindow}
      AND EXISTS (SELECT 1 FROM webhooks WHERE account_id = ${accountId} AND id = ${webhookId} AND lease_id = ${leaseId})`)
}

function recordAttempts({ accountId, webhookId, leaseId, attempts, now }: BatchResult) {
  const made = sql`json_each(${JSON.stringify(attempts)}) j`
  const theirs = sql`d.account_id = ${accountId} AND d.webhook_id = ${webhookId} AND d.sequence = j.value ->> 'sequence'
    AND EXISTS (SELECT 1 FROM webhooks WHERE account_id = ${accountId} AND id = ${webhookId} AND lease_id = ${leaseId})`
  const isManual = sql`(j.value ->> 'trigger' = 'manual')`
  const succeeded = sql`(j.value ->> 'succeeded')`
  const manualLeft = sql`max(0, d.manual - ${isManual})`
  const isReplayed = sql`d.tries <> j.value ->> 'tries'`
  const retryAt = sql`(CASE WHEN ${isReplayed} OR (${isManual} AND NOT ${succeeded}) THEN d.retry_at
    ELSE j.value ->> 'retry_at' END)`
  return [
    run(sql`
      INSERT INTO delivery_attempts
        (account_id, delivery_id, number, at, trigger, status_code, duration_ms, error, response)
      SELECT d.account_id, d.id, d.attempts + 1, j.value ->> 'at', j.value ->> 'trigger', j.value ->> 'status_code',
        j.value ->> 'duration_ms', j.value ->> 'error', j.value ->> 'response'
      FROM ${made} CROSS JOIN deliveries d ON ${theirs}`),
    run(sql`
      UPDATE deliveries AS d SET attempts = d.attempts + 1,
        tries = d.tries + (NOT ${isManual} AND NOT ${isReplayed}), manual = ${manualLeft}, retry_at = ${retryAt}, last_error = j.value ->> 'last_error',
        outcome = CASE WHEN ${succeeded} THEN 'succeeded' WHEN ${retryAt} IS NULL THEN coalesce(d.outcome, 'failed')
          ELSE d.outcome END,
        settled_at = CASE WHEN ${manualLeft} = 0 AND ${retryAt} IS NULL THEN ${now} END
      FROM ${made} WHERE ${theirs}`),
  ]
}
