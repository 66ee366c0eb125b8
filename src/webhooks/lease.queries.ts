import { type Alias, alias, qualified } from '../db/alias'
import { byPlan, type Plan } from '../db/by-plan'
import { shownData } from '../db/redaction'
import { accountCounters, accounts } from '../db/schema/accounts'
import { deliveries, events, webhooks } from '../db/schema/webhooks'
import { nullable, type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { query, run, select } from '../db/statement'
import { update } from '../db/write'
import { MINUTE } from '../lib/time'

/** How much one lease sends before other webhooks get a chance. */
const DELIVERIES_PER_BATCH = 20
const BYTES_PER_BATCH = 1_048_576

/** How many due webhooks are considered, of the slow and of the others each. Those without quota do not count. */
const WEBHOOKS_PER_SCAN = 500

const a = alias(accounts, 'a')
const d = alias(deliveries, 'd')
const due = alias(deliveries, 'due')
const e = alias(events, 'e')
const s = alias(accountCounters, 's')
const w = alias(webhooks, 'w')
const counters = qualified(accountCounters)
const updated = qualified(webhooks)
const ranked = alias(webhooks, 'ranked')
const chosen = alias(webhooks, 'chosen')
const leased = alias(webhooks, 'leased')

const LEASED_WEBHOOK = selection({
  account_id: webhooks.accountId,
  id: webhooks.id,
  url: webhooks.url,
  secret: webhooks.secret,
  previous_secret: webhooks.previousSecret,
  previous_until: webhooks.previousUntil,
  is_slow: webhooks.isSlow,
  failing_since: webhooks.failingSince,
  confirmed_at: webhooks.confirmedAt,
  /** How many deliveries were charged to the quota of the account. */
  lease_batch_size: webhooks.leaseBatchSize,
})

export type LeasedWebhook = RowOf<typeof LEASED_WEBHOOK>

/** The fields of the event are null once it has expired. `data` is its snapshot as it may be shown. */
const DUE_DELIVERY = selection({
  account_id: d.accountId,
  webhook_id: d.webhookId,
  is_manual: sql<number>`${d.manualRequests} > 0`,
  schedule_attempts: d.scheduleAttempts,
  sequence: d.sequence,
  id: nullable(e.id),
  type: nullable(e.type),
  data: nullable(shownData(e)),
  created_at: nullable(e.createdAt),
})

export type DueDelivery = RowOf<typeof DUE_DELIVERY>

const DUE_DELIVERY_NAMES = sql.raw(Object.keys(DUE_DELIVERY.fields).join(', '))

export interface LeaseRequest {
  leaseId: string
  leaseUntil: number
  /** How many webhooks may be leased, and how many of them may be slow. */
  atMost: number
  slowAtMost: number
  /** How many deliveries an account may send in a minute. */
  quota: Record<Plan, number>
  now: number
}

/**
 * Leases due webhooks of all accounts, at most one per account, and finds the deliveries to send. Accounts that were
 * served longest ago come first. `next` is when the next webhook without a lease is due.
 */
export function leaseWebhooks(request: LeaseRequest) {
  return {
    leased: acquireLeases(request),
    deliveries: findLeasedDeliveries(request),
    charged: chargeQuota(request),
    next: findNextDue(request.now),
  }
}

/**
 * Takes back the leases of calls whose responses were lost, and what they have charged. For the batch of the next lease, at the same
 * time (ms).
 */
export function revertLeases(leaseIds: readonly string[], now: number) {
  const { accountId, leaseBatchSize, nextAt, leaseId, leaseUntil } = webhooks
  const those = sql`${nextAt} <= ${now} AND ${leaseUntil} > ${now}
    AND ${leaseId} IN (SELECT value FROM json_each(${JSON.stringify(leaseIds)}))`
  return {
    refunded: run(sql`
      UPDATE ${accountCounters} SET ${accountCounters.quotaUsed} = max(0, ${counters.quotaUsed} - ${leased.leaseBatchSize})
      FROM (SELECT ${accountId}, ${leaseBatchSize} FROM ${webhooks} WHERE ${those}) leased
      WHERE ${counters.accountId} = ${leased.accountId} AND ${counters.quotaWindow} = ${quotaWindowAt(now)}`),
    reverted: update(webhooks, { leaseId: null, leaseUntil: 0 }, those),
  }
}

/** The minute (since 1970) for which deliveries are counted. */
export function quotaWindowAt(time: number): number {
  return Math.floor(time / MINUTE)
}

function quotaUsed(account: Alias<typeof accountCounters>, now: number): SQL<number> {
  return sql`CASE ${account.quotaWindow} WHEN ${quotaWindowAt(now)} THEN ${account.quotaUsed} ELSE 0 END`
}

/**
 * Of each account that has quota left, the webhook that is due longest, and a slow one only if no other is due. Of those,
 * the accounts that were served longest ago.
 */
function acquireLeases({ leaseId, leaseUntil, atMost, slowAtMost, quota, now }: LeaseRequest) {
  const { accountId, id, isSlow, confirmedAt, nextAt } = webhooks
  const { lastServedAt } = accountCounters
  const used = quotaUsed(s, now)
  const allowed = byPlan(a.plan, quota)
  const candidates = (slow: 0 | 1) => sql`
    SELECT ${w.accountId}, ${w.id}, ${w.isSlow}, ${w.confirmedAt}, ${w.nextAt}, ${s.lastServedAt},
      ${allowed} - ${used} AS quota_left
    FROM ${w}
    CROSS JOIN ${s} ON ${s.accountId} = ${w.accountId}
    CROSS JOIN ${a} ON ${a.id} = ${w.accountId}
    WHERE ${w.nextAt} <= ${now} AND ${w.leaseUntil} <= ${now} AND ${w.isSlow} = ${slow} AND ${used} < ${allowed}
    ORDER BY ${w.nextAt} LIMIT ${WEBHOOKS_PER_SCAN}`
  const dueDeliveries = sql`
    SELECT 1 FROM ${d} WHERE ${d.accountId} = ${ranked.accountId} AND ${d.webhookId} = ${ranked.id}
      AND ${d.dueAt} <= ${now} LIMIT ${DELIVERIES_PER_BATCH}`
  return query(
    LEASED_WEBHOOK,
    sql`WITH candidates AS (
      SELECT * FROM (${candidates(0)}) UNION ALL SELECT * FROM (${candidates(1)})
    ), ranked_in_account AS (
      SELECT *, row_number() OVER (PARTITION BY ${webhooks.accountId} ORDER BY ${isSlow}, ${nextAt}) AS rank_in_account
      FROM candidates
    ), ranked AS (
      SELECT *, row_number() OVER (PARTITION BY ${isSlow} ORDER BY ${lastServedAt}) AS rank
      FROM ranked_in_account WHERE rank_in_account = 1
    ), chosen AS (
      SELECT ${accountId}, ${id},
        min(CASE WHEN ${isSlow} = 1 OR ${confirmedAt} IS NULL THEN 1 ELSE quota_left END, (SELECT count(*) FROM (${dueDeliveries}))) AS batch_size
      FROM ranked WHERE rank <= CASE ${isSlow} WHEN 1 THEN ${slowAtMost} ELSE ${atMost} END
      ORDER BY ${lastServedAt} LIMIT ${atMost}
    )
    UPDATE ${webhooks}
    SET ${webhooks.leaseId} = ${leaseId}, ${webhooks.leaseUntil} = ${leaseUntil}, ${webhooks.leaseBatchSize} = batch_size
    FROM chosen WHERE ${updated.accountId} = ${chosen.accountId} AND ${updated.id} = ${chosen.id}
    RETURNING ${LEASED_WEBHOOK.list}`,
  )
}

/** Of each leased webhook, the deliveries that are due longest, up to the size of its batch in number and in bytes. */
function findLeasedDeliveries({ leaseId, now }: LeaseRequest) {
  const nextSequences = sql`
    SELECT ${due.sequence} FROM ${due} WHERE ${due.accountId} = ${w.accountId} AND ${due.webhookId} = ${w.id}
      AND ${due.dueAt} <= ${now} ORDER BY ${due.dueAt}, ${due.sequence} LIMIT ${DELIVERIES_PER_BATCH}`
  return query(
    DUE_DELIVERY,
    sql`WITH batch AS (
      SELECT ${DUE_DELIVERY.list}, ${w.leaseBatchSize} AS batch_size,
        row_number() OVER by_due AS position, total(octet_length(${e.data})) OVER by_due AS bytes
      FROM ${w}
      CROSS JOIN ${d} ON ${d.accountId} = ${w.accountId} AND ${d.webhookId} = ${w.id}
        AND ${d.sequence} IN (${nextSequences})
      LEFT JOIN ${e} ON ${e.accountId} = ${d.accountId} AND ${e.sequence} = ${d.sequence}
      WHERE ${w.leaseId} = ${leaseId} AND ${w.leaseUntil} > ${now} AND ${w.nextAt} <= ${now}
      WINDOW by_due AS (PARTITION BY ${w.accountId}, ${w.id} ORDER BY ${d.dueAt}, ${d.sequence})
    )
    SELECT ${DUE_DELIVERY_NAMES} FROM batch
    WHERE position <= batch_size AND (position = 1 OR bytes <= ${BYTES_PER_BATCH}) ORDER BY position`,
  )
}

/** Charges the leased batches to the quotas of their accounts, and records when those were served. */
function chargeQuota({ leaseId, now }: LeaseRequest) {
  const { quotaWindow, lastServedAt } = accountCounters
  const leasedWebhooks = sql`SELECT ${webhooks.accountId}, ${webhooks.leaseBatchSize} FROM ${webhooks}
    WHERE ${webhooks.nextAt} <= ${now} AND ${webhooks.leaseId} = ${leaseId} AND ${webhooks.leaseUntil} > ${now}`
  return run(sql`
    UPDATE ${accountCounters} SET ${lastServedAt} = ${now}, ${quotaWindow} = ${quotaWindowAt(now)},
      ${accountCounters.quotaUsed} = ${quotaUsed(counters, now)} + ${leased.leaseBatchSize}
    FROM (${leasedWebhooks}) leased WHERE ${counters.accountId} = ${leased.accountId}`)
}

function findNextDue(now: number) {
  return select(
    { next_at: webhooks.nextAt },
    sql`FROM ${webhooks} WHERE ${webhooks.nextAt} IS NOT NULL
        AND (${webhooks.leaseUntil} <= ${now} OR ${webhooks.leaseId} IS NULL)
      ORDER BY ${webhooks.nextAt} LIMIT 1`,
  )
}
