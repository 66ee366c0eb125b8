import type { LimitFunction } from 'p-limit'
import { type Bindings, type Config, configOf, verificationKeys } from '../core/config'
import { openAccount } from '../db/client'
import { retryTransient } from '../lib/retry'
import { DAY, SECOND } from '../lib/time'
import { type AttemptResult, attemptDelivery } from './attempt'
import type { DeliveryError } from './delivery-error'
import { type DueDelivery, type LeasedWebhook, quotaWindowAt } from './lease.queries'
import { type AttemptRecord, completeLease, findNextAt } from './lease-completion.queries'
import { countProbe } from './probes'
import { nextAttemptAt } from './retry-schedule'
import { decryptSecrets } from './secrets'

/** No attempt of a batch begins after this, so that its lease outlasts it. */
export const BATCH_DURATION = 5 * SECOND

const MAX_FETCHES_PER_WEBHOOK = 2

const DISABLE_AFTER = 5 * DAY
/** For an endpoint that has never succeeded. */
const DISABLE_UNCONFIRMED_AFTER = DAY
const GONE = 410

/** Errors of this service, which never disable a webhook. */
const SERVICE_ERRORS: ReadonlySet<DeliveryError> = new Set(['secret', 'event', 'expired'])

export interface LeasedBatch {
  leaseId: string
  /** In milliseconds. */
  leasedAt: number
  webhook: LeasedWebhook
  deliveries: DueDelivery[]
}

interface CompletedAttempt {
  delivery: DueDelivery
  result: AttemptResult
}

/** Returns when the next delivery to the webhook is due (ms), null for none. Throws `DbError`. */
export async function deliverBatch(env: Bindings, batch: LeasedBatch, limit: LimitFunction): Promise<number | null> {
  const config = configOf(env)
  const { webhook, leaseId } = batch
  const probe = webhook.confirmed_at === null ? await countProbe(env, webhook.url, batch.leasedAt) : null
  const attempts = probe?.isRefused ? [] : await attemptDeliveries(config, batch, limit)
  const now = Date.now()
  const health = evaluateHealth(webhook, attempts, now)
  const { writes, released } = completeLease({
    accountId: webhook.account_id,
    webhookId: webhook.id,
    leaseId,
    attempts: attempts.map((attempt) => toAttemptRecord(config, attempt)),
    unsent: webhook.lease_batch_size - attempts.length,
    quotaWindow: quotaWindowAt(batch.leasedAt),
    url: webhook.url,
    heldUntil: probe === null || health.succeeded ? 0 : probe.nextAt,
    ...health,
    now,
  })
  const db = openAccount(env, webhook.account_id)
  let tries = 0
  const rows = await retryTransient(() => {
    tries += 1
    return db.change(writes, { released })
  })
  // A retry releases nothing if the lost try was committed.
  const isLost = rows.released.length === 0 && tries > 1
  const [scheduled] = isLost ? await db.all(findNextAt(webhook.account_id, webhook.id)) : rows.released
  return scheduled?.next_at ?? null
}

/** Returns the attempts in the order in which they ended. */
async function attemptDeliveries(
  config: Config,
  batch: LeasedBatch,
  limit: LimitFunction,
): Promise<CompletedAttempt[]> {
  const { webhook } = batch
  const deadline = Date.now() + BATCH_DURATION
  const secrets = await decryptSecrets(verificationKeys(config, 'webhooks'), webhook, Date.now())
  const waiting = [...batch.deliveries]
  const attempts: CompletedAttempt[] = []

  const attemptNext = async (): Promise<boolean> => {
    const delivery = Date.now() < deadline ? waiting.shift() : undefined
    if (!delivery) return false
    const result = await attemptDelivery(config, { url: webhook.url, secrets }, delivery)
    attempts.push({ delivery, result })
    if (result.statusCode === GONE) waiting.splice(0)
    // A subscriber that times out must not delay the others: the rest waits for the next lease.
    return result.failure !== 'timeout'
  }
  const attemptAll = async (): Promise<void> => {
    while (await limit(attemptNext));
  }
  const concurrent = webhook.is_slow === 1 ? 1 : MAX_FETCHES_PER_WEBHOOK
  await Promise.all(Array.from({ length: concurrent }, attemptAll))
  return attempts
}

function toAttemptRecord(config: Config, { delivery, result }: CompletedAttempt): AttemptRecord {
  const isManual = delivery.is_manual === 1
  const endedAt = result.at + result.durationMs
  const scheduleAttempts = delivery.schedule_attempts + 1
  const isRetried = !result.succeeded && !isManual && result.failure !== 'expired'
  return {
    sequence: delivery.sequence,
    at: result.at,
    trigger: isManual ? 'manual' : 'scheduled',
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    error: result.failure,
    response: result.response,
    schedule_attempts: delivery.schedule_attempts,
    last_error: result.succeeded ? null : (result.failure ?? 'status'),
    retry_at: isRetried
      ? nextAttemptAt(config.webhooks.retrySchedule, scheduleAttempts, result.retryAfter, endedAt)
      : null,
  }
}

/** What the attempts, in the order in which they began, mean for the webhook. */
function evaluateHealth(webhook: LeasedWebhook, attempts: CompletedAttempt[], now: number) {
  const results = attempts.map(({ result }) => result).toSorted((a, b) => a.at - b.at)
  const lastSuccess = results.findLastIndex((result) => result.succeeded)
  const succeeded = lastSuccess !== -1
  const failedAt = results[lastSuccess + 1]?.at ?? null
  const failingSince = succeeded ? failedAt : (webhook.failing_since ?? failedAt)
  const disableAfter = webhook.confirmed_at === null ? DISABLE_UNCONFIRMED_AFTER : DISABLE_AFTER
  const isGone = results.some((result) => result.statusCode === GONE)
  const hasSubscriberError = results.some(({ failure }) => failure === null || !SERVICE_ERRORS.has(failure))
  const isFailing =
    hasSubscriberError && failedAt !== null && failingSince !== null && now - failingSince >= disableAfter
  return {
    succeeded,
    failedAt,
    isSlow: results.length === 0 ? webhook.is_slow === 1 : results.at(-1)?.failure === 'timeout',
    disable: isGone ? ('gone' as const) : isFailing ? ('failing' as const) : null,
  }
}
