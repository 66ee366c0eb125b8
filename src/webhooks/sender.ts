import pLimit, { type LimitFunction } from 'p-limit'
import { acceptedKeys, type Bindings, type Config, configOf } from '../core/config'
import { openAccount, openDirectory } from '../db/client'
import { DAY, MINUTE, SECOND } from '../lib/time'
import { type AttemptResult, attemptDelivery, type Target } from './attempt'
import type { Failure } from './delivery-error'
import { type AttemptRecord, type DueDelivery, finishTurn, type LeasedRow, leaseWebhooks } from './lease.queries'
import { nextTry } from './retry-schedule'
import { openSecrets } from './secrets'

/** Of the six connections that an invocation may have open at once, one is left to D1. */
const FETCHES_AT_ONCE = 5
const SLOW_TURNS_AT_ONCE = 2
const FETCHES_A_WEBHOOK = 2

/** A turn begins no attempt after this, so that its lease outlives it. */
const TURN = 5 * SECOND
const LEASE_MARGIN = 10 * SECOND

/** A sender takes up no further turn after this: the next one does, once the messages that wait have been heard. */
const RUN = 5 * SECOND

/** A delivery that is due so soon is waited for. */
const WORTH_WAITING = SECOND

/** An account's deliveries a minute, in terms of its requests a minute. */
const PACE = 10

const FAILING_FOR = 5 * DAY
const GONE = 410

/** Failures that say nothing of the subscriber, and so switch nobody off. */
const OUR_FAULTS: ReadonlySet<Failure> = new Set(['secret', 'event', 'expired'])

interface Turn {
  leaseId: string
  /** When it was leased (ms). */
  leasedAt: number
  webhook: LeasedRow
  deliveries: DueDelivery[]
}

/** A sender at work. */
export interface Sender {
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
export function startSender(env: Bindings, onTurnEnd: (nextAt: number | null) => void): Sender {
  const turns = new Map<Promise<void>, Turn>()
  const permit = pLimit(FETCHES_AT_ONCE)
  const deadline = Date.now() + RUN
  let stopped = false
  let mayBeMore = true

  const begin = (turn: Turn) => {
    const running = runTurn(env, turn, permit).then(onTurnEnd)
    const ended = running.finally(() => turns.delete(ended))
    ended.catch(() => undefined)
    turns.set(ended, turn)
  }

  const work = async () => {
    while (!stopped && Date.now() < deadline) {
      if (turns.size < FETCHES_AT_ONCE) {
        const askedAt = Date.now()
        const { leased, nextAt } = await leaseTurns(env, [...turns.values()], askedAt)
        mayBeMore = leased.length > 0
        leased.forEach(begin)
        if (leased.length > 0) continue
        if (turns.size === 0 && !(await comesSoon(nextAt, askedAt))) return afterPacing(nextAt, askedAt)
      }
      if (turns.size > 0) await Promise.race(turns.keys())
    }
    return stopped && !mayBeMore ? null : Date.now()
  }

  const done = work().finally(() => Promise.allSettled(turns.keys()))
  return {
    done,
    isFull: () => turns.size >= FETCHES_AT_ONCE,
    stop: () => {
      stopped = true
    },
  }
}

/** What is due and yet can't be had is an account's that has sent all that it may in this minute. */
function afterPacing(nextAt: number | null, askedAt: number): number | null {
  return nextAt !== null && nextAt <= askedAt ? (Math.floor(askedAt / MINUTE) + 1) * MINUTE : null
}

/** Waits for what was not due yet when it was asked for, and is within a second; false where nothing is. */
async function comesSoon(nextAt: number | null, askedAt: number): Promise<boolean> {
  if (nextAt === null || nextAt <= askedAt || nextAt - Date.now() > WORTH_WAITING) return false
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, nextAt - Date.now())))
  return true
}

async function leaseTurns(
  env: Bindings,
  underWay: Turn[],
  now: number,
): Promise<{ leased: Turn[]; nextAt: number | null }> {
  const { rateLimits, webhooks } = configOf(env)
  const leaseId = crypto.randomUUID()
  const slow = underWay.filter(({ webhook }) => webhook.slow === 1).length
  const [leased, due, , [next]] = await openDirectory(env).batch(
    leaseWebhooks({
      leaseId,
      leaseUntil: now + TURN + webhooks.timeoutMs + LEASE_MARGIN,
      atMost: FETCHES_AT_ONCE - underWay.length,
      slowAtMost: SLOW_TURNS_AT_ONCE - slow,
      pace: { standard: PACE * rateLimits.standard, premium: PACE * rateLimits.premium },
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
async function runTurn(env: Bindings, turn: Turn, permit: LimitFunction): Promise<number | null> {
  const config = configOf(env)
  const { webhook, leaseId } = turn
  const deadline = Date.now() + TURN
  const secrets = await openSecrets(acceptedKeys(config, 'webhooks'), webhook, Date.now())
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
  await Promise.all(Array.from({ length: webhook.slow === 1 ? 1 : FETCHES_A_WEBHOOK }, sendAll))

  const now = Date.now()
  const { writes, released } = finishTurn({
    accountId: webhook.account_id,
    webhookId: webhook.id,
    leaseId,
    attempts: made.map(({ delivery, result }) => recordOf(config, delivery, result)),
    unsent: webhook.turn_size - made.length,
    paceMinute: Math.floor(turn.leasedAt / MINUTE),
    ...judge(
      made.map(({ result }) => result).toSorted((a, b) => a.at - b.at),
      webhook,
      now,
    ),
    now,
  })
  const [[row]] = await openAccount(env, webhook.account_id).change(writes, [released])
  return row?.next_at ?? null
}

function recordOf(config: Config, delivery: DueDelivery, result: AttemptResult): AttemptRecord {
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
        : nextTry(config.webhooks.retrySchedule, tries, result.retryAfter, endedAt),
  }
}

/** What the attempts of a turn, in the order in which they began, say of the webhook. */
function judge(results: AttemptResult[], webhook: LeasedRow, now: number) {
  const lastSuccess = results.findLastIndex((result) => result.succeeded)
  const succeeded = lastSuccess !== -1
  const failedAt = results[lastSuccess + 1]?.at ?? null
  const failingSince = succeeded ? failedAt : (webhook.failing_since ?? failedAt)
  const isGone = results.some((result) => result.statusCode === GONE)
  const isTheirs = results.some(({ failure }) => failure === null || !OUR_FAULTS.has(failure))
  const isFailing = isTheirs && failedAt !== null && failingSince !== null && now - failingSince >= FAILING_FOR
  const reason = isGone ? ('gone' as const) : isFailing ? ('failing' as const) : null
  return {
    succeeded,
    failedAt,
    slow: results.length === 0 ? webhook.slow === 1 : results.at(-1)?.failure === 'timeout',
    disable: reason && { reason, url: webhook.url },
  }
}
