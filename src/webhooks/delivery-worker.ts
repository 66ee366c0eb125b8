import pLimit, { type LimitFunction } from 'p-limit'
import { type Bindings, type Config, configOf, verificationKeys } from '../core/config'
import { openAccount, openDirectory } from '../db/client'
import { DAY, MINUTE, SECOND } from '../lib/time'
import { type AttemptResult, attemptDelivery, type Target } from './attempt'
import type { DeliveryError } from './delivery-error'
import { type AttemptRecord, completeLease, type DueDelivery, type LeasedRow, leaseWebhooks } from './lease.queries'
import { nextAttemptAt } from './retry-schedule'
import { decryptSecrets } from './secrets'

/** Of the six connections that an invocation may have open at once, one is left to D1. */
const MAX_CONCURRENT_FETCHES = 5
const MAX_CONCURRENT_SLOW_BATCHES = 2
const MAX_FETCHES_PER_WEBHOOK = 2

/** A turn begins no attempt after this, so that its lease outlives it. */
const BATCH_DURATION = 5 * SECOND
const LEASE_MARGIN = 10 * SECOND

/** A sender takes up no further turn after this: the next one does, once the messages that wait have been heard. */
const RUN = 5 * SECOND

/** A delivery that is due so soon is waited for. */
const WORTH_WAITING = SECOND

/** An account's deliveries a minute, in terms of its requests a minute. */
const QUOTA = 10

const FAILING_FOR = 5 * DAY
const GONE = 410

/** Failures that say nothing of the subscriber, and so switch nobody off. */
const OWN_ERRORS: ReadonlySet<DeliveryError> = new Set(['secret', 'event', 'expired'])

interface LeasedBatch {
  leaseId: string
  /** When it was leased (ms). */
  leasedAt: number
  webhook: LeasedRow
  deliveries: DueDelivery[]
}

/** A sender at work. */
export interface DeliveryWorker {
  /**
   * Ends when nothing that is due can be had any more. Gives when to look again (ms) where something is or may be left
   * over, else null. Throws `DbError`.
   */
  done: Promise<number | null>
  /** Whether it can take up no further webhook at the moment. */
  isFull(): boolean
  /** Tells it to end with the turns that are under way. */
  stop(): void
}

/**
 * Sends what is due of all accounts: leases webhooks, a few deliveries each, sends them, writes down what came of it, and
 * goes on until nothing is due. At most five requests are under way at once. `onTurnEnd` hears when a webhook that was
 * served has something due again. When D1 fails, the leases under way lapse, and another sender takes over.
 */
export function startDeliveryWorker(env: Bindings, onTurnEnd: (nextAt: number | null) => void): DeliveryWorker {
  const turns = new Map<Promise<void>, LeasedBatch>()
  const permit = pLimit(MAX_CONCURRENT_FETCHES)
  const deadline = Date.now() + RUN
  let stopped = false
  let mayBeMore = true

  const begin = (turn: LeasedBatch) => {
    const running = deliverBatch(env, turn, permit).then(onTurnEnd)
    const ended = running.finally(() => turns.delete(ended))
    ended.catch(() => undefined)
    turns.set(ended, turn)
  }

  const work = async () => {
    while (!stopped && Date.now() < deadline) {
      if (turns.size < MAX_CONCURRENT_FETCHES) {
        const leasedAt = Date.now()
        const { leased, nextAt } = await leaseBatches(env, [...turns.values()], leasedAt)
        mayBeMore = leased.length > 0
        leased.forEach(begin)
        if (leased.length > 0) continue
        if (turns.size === 0 && !(await waitIfDueSoon(nextAt, leasedAt))) return retryAfterQuota(nextAt, leasedAt)
      }
      if (turns.size > 0) await Promise.race(turns.keys())
    }
    return stopped && !mayBeMore ? null : Date.now()
  }

  const done = work().finally(() => Promise.allSettled(turns.keys()))
  return {
    done,
    isFull: () => turns.size >= MAX_CONCURRENT_FETCHES,
    stop: () => {
      stopped = true
    },
  }
}

/** What is due and yet can't be had is an account's that has sent all that it may in this minute. */
function retryAfterQuota(nextAt: number | null, leasedAt: number): number | null {
  return nextAt !== null && nextAt <= leasedAt ? (Math.floor(leasedAt / MINUTE) + 1) * MINUTE : null
}

/** Waits for what was not due yet when it was asked for, and is within a second; false where nothing is. */
async function waitIfDueSoon(nextAt: number | null, leasedAt: number): Promise<boolean> {
  if (nextAt === null || nextAt <= leasedAt || nextAt - Date.now() > WORTH_WAITING) return false
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAt - Date.now())))
  return true
}

async function leaseBatches(
  env: Bindings,
  underWay: LeasedBatch[],
  now: number,
): Promise<{ leased: LeasedBatch[]; nextAt: number | null }> {
  const { rateLimits, webhooks } = configOf(env)
  const leaseId = crypto.randomUUID()
  const slow = underWay.filter(({ webhook }) => webhook.slow === 1).length
  const [leased, due, , [next]] = await openDirectory(env).batch(
    leaseWebhooks({
      leaseId,
      leaseUntil: now + BATCH_DURATION + webhooks.timeoutMs + LEASE_MARGIN,
      atMost: MAX_CONCURRENT_FETCHES - underWay.length,
      slowAtMost: MAX_CONCURRENT_SLOW_BATCHES - slow,
      quota: { standard: QUOTA * rateLimits.standard, premium: QUOTA * rateLimits.premium },
      now,
    }),
  )
  const turns = leased.map((webhook) => ({
    leaseId,
    leasedAt: now,
    webhook,
    deliveries: due.filter(
      (delivery) => delivery.account_id === webhook.account_id && delivery.webhook_id === webhook.id,
    ),
  }))
  return { leased: turns, nextAt: next?.next_at ?? null }
}

/** Sends what a webhook's turn holds, writes it down, and gives when the webhook has something due again (ms). */
async function deliverBatch(env: Bindings, turn: LeasedBatch, permit: LimitFunction): Promise<number | null> {
  const config = configOf(env)
  const { webhook, leaseId } = turn
  const deadline = Date.now() + BATCH_DURATION
  const secrets = await decryptSecrets(verificationKeys(config, 'webhooks'), webhook, Date.now())
  const target: Target = { url: webhook.url, secrets }
  const waiting = [...turn.deliveries]
  const made: { delivery: DueDelivery; result: AttemptResult }[] = []

  const sendNext = async () => {
    const delivery = Date.now() < deadline ? waiting.shift() : undefined
    if (!delivery) return false
    const result = await attemptDelivery(config, target, delivery)
    made.push({ delivery, result })
    // What is gone is not asked again, what does not answer not before it is the others' turn.
    if (result.statusCode === GONE) waiting.splice(0)
    return result.failure !== 'timeout'
  }
  const sendAll = async () => {
    while (await permit(sendNext));
  }
  await Promise.all(Array.from({ length: webhook.slow === 1 ? 1 : MAX_FETCHES_PER_WEBHOOK }, sendAll))

  const now = Date.now()
  const { writes, released } = completeLease({
    accountId: webhook.account_id,
    webhookId: webhook.id,
    leaseId,
    attempts: made.map(({ delivery, result }) => toAttemptRecord(config, delivery, result)),
    unsent: webhook.turn_size - made.length,
    quotaWindow: Math.floor(turn.leasedAt / MINUTE),
    ...evaluateHealth(
      made.map(({ result }) => result).toSorted((a, b) => a.at - b.at),
      webhook,
      now,
    ),
    now,
  })
  const [[row]] = await openAccount(env, webhook.account_id).change(writes, [released])
  return row?.next_at ?? null
}

function toAttemptRecord(config: Config, delivery: DueDelivery, result: AttemptResult): AttemptRecord {
  const isManual = delivery.is_manual === 1
  const endedAt = result.at + result.durationMs
  const tries = delivery.tries + 1
  return {
    sequence: delivery.sequence,
    at: result.at,
    trigger: isManual ? 'manual' : 'scheduled',
    status_code: result.statusCode,
    duration_ms: result.durationMs,
    error: result.failure,
    response: result.response,
    succeeded: result.succeeded,
    tries: delivery.tries,
    last_error: result.succeeded ? null : (result.failure ?? 'status'),
    retry_at:
      result.succeeded || isManual || result.failure === 'expired'
        ? null
        : nextAttemptAt(config.webhooks.retrySchedule, tries, result.retryAfter, endedAt),
  }
}

/** What the attempts of a turn, in the order in which they began, say of the webhook. */
function evaluateHealth(results: AttemptResult[], webhook: LeasedRow, now: number) {
  const lastSuccess = results.findLastIndex((result) => result.succeeded)
  const succeeded = lastSuccess !== -1
  const failedAt = results[lastSuccess + 1]?.at ?? null
  const failingSince = succeeded ? failedAt : (webhook.failing_since ?? failedAt)
  const hasGone = results.some((result) => result.statusCode === GONE)
  const isTheirs = results.some(({ failure }) => failure === null || !OWN_ERRORS.has(failure))
  const isFailing = isTheirs && failedAt !== null && failingSince !== null && now - failingSince >= FAILING_FOR
  const reason = hasGone ? ('gone' as const) : isFailing ? ('failing' as const) : null
  return {
    succeeded,
    failedAt,
    slow: results.length === 0 ? webhook.slow === 1 : results.at(-1)?.failure === 'timeout',
    disable: reason && { reason, url: webhook.url },
  }
}
