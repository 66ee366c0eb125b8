import type { Bindings } from '../core/config'
import { logFailure, writeLog } from '../core/log'
import { openAccount } from '../db/client'
import { retryTransient } from '../lib/retry'
import { SECOND } from '../lib/time'
import type { FanOutMessage } from '../service/wake-up-queue'
import { WakeUpBatch } from '../service/wake-up-queue'
import { markDeadLettered } from './deliveries.queries'
import { DeliveryWorker } from './delivery-worker'
import { fanOutEvents, hasPendingEvents } from './fan-out.queries'
import { expandReplay, findReplays } from './replay.queries'

/** If no batch ends for so long, the running ones continue after the messages are acknowledged. */
const STALL_TIMEOUT = SECOND
const BATCHES_PER_MESSAGE = 5
const RETRY = { delaySeconds: 5 }
const DELIVERIES_PER_DEAD_LETTER = 500

type Message = Pick<globalThis.Message<FanOutMessage>, 'body' | 'ack' | 'retry' | 'id'>

/**
 * Fans out the events of the accounts that the messages name, and sends the due deliveries of all accounts. Acknowledges or
 * retries each message, and never throws: the queue would redeliver the acknowledged ones too. Does not wait for subscribers
 * that do not respond.
 */
export async function consume(env: Bindings, ctx: ExecutionContext, messages: readonly Message[]): Promise<void> {
  const wakeUps = new WakeUpBatch(env.WEBHOOKS)
  const fannedOut = new Map<string, Promise<boolean>>()
  for (const { body } of messages)
    if (body.account_id !== null && !fannedOut.has(body.account_id))
      fannedOut.set(body.account_id, succeeds('fan out events', fanOut(env, body.account_id, wakeUps)))
  await Promise.all(fannedOut.values())
  const isDelivered = await succeeds('deliver webhooks', deliverDue(env, ctx, wakeUps))
  for (const message of messages) {
    const isFannedOut = message.body.account_id === null || (await fannedOut.get(message.body.account_id))
    if (isFannedOut && isDelivered) message.ack()
    else message.retry(RETRY)
  }
  await wakeUps.enqueue()
}

/**
 * Records messages that failed too often on the due deliveries of their account, and logs them. The sweep enqueues the
 * deliveries again. Never throws.
 */
export async function consumeDeadLetters(env: Bindings, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    const accountId = message.body.account_id
    writeLog('error', { dead_letter: message.id, account_id: accountId })
    if (accountId === null || (await succeeds('record dead letter', recordDeadLetter(env, accountId)))) message.ack()
    else message.retry(RETRY)
  }
}

function recordDeadLetter(env: Bindings, accountId: string): Promise<unknown> {
  const mark = markDeadLettered(accountId, DELIVERIES_PER_DEAD_LETTER, Date.now())
  return retryTransient(() => openAccount(env, accountId).all(mark))
}

/** Fans out a bounded number of the account's events and replays; enqueues another message for the rest. Throws `DbError`. */
async function fanOut(env: Bindings, accountId: string, wakeUps: WakeUpBatch): Promise<void> {
  const db = openAccount(env, accountId)
  const reads = { account: hasPendingEvents(accountId), replays: findReplays(accountId) }
  let pending = await db.batch(reads)
  for (let batches = 0; batches < BATCHES_PER_MESSAGE; batches += 1) {
    const [account] = pending.account
    if (!account || (account.events === 0 && pending.replays.length === 0)) return
    const now = Date.now()
    const writes = [
      ...(account.events === 1 ? fanOutEvents(accountId, now) : []),
      ...pending.replays.flatMap((replay) => expandReplay(accountId, replay, now)),
    ]
    pending = await retryTransient(() => db.change(writes, reads))
  }
  wakeUps.add(accountId, Date.now())
}

/**
 * Returns when nothing is due. If no batch ends for a second, it returns while the running batches continue in the background.
 * Throws `DbError`.
 */
async function deliverDue(env: Bindings, ctx: ExecutionContext, wakeUps: WakeUpBatch): Promise<void> {
  let endedBatches = 0
  let isInBackground = false
  const wakeAt = (time: number | null) => {
    if (time !== null) wakeUps.add(null, time)
  }
  const worker = new DeliveryWorker(env, (nextAt) => {
    endedBatches += 1
    // The worker itself delivers what is already due, until it is stopped.
    if (isInBackground || (nextAt !== null && nextAt > Date.now())) wakeAt(nextAt)
    // What is due next must not wait for the batches that hang.
    if (isInBackground) ctx.waitUntil(wakeUps.enqueue())
  })
  const run = worker.run().then(wakeAt)
  if (await endsWithoutStall(run, () => endedBatches)) return

  isInBackground = true
  worker.stop()
  if (worker.isFull()) wakeAt(Date.now())
  ctx.waitUntil(
    succeeds(
      'deliver webhooks',
      run.then(() => wakeUps.enqueue()),
    ),
  )
}

/** False as soon as the work makes no progress for a second. Rejects if the work does before. */
async function endsWithoutStall(work: Promise<void>, progress: () => number): Promise<boolean> {
  const ended = work.then(() => true)
  for (;;) {
    const before = progress()
    if (await Promise.race([ended, sleep(STALL_TIMEOUT)])) return true
    if (progress() === before) return false
  }
}

function sleep(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), milliseconds))
}

/** Logs an error as that of the task. */
function succeeds(task: string, work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error) => {
      logFailure(task, error)
      return false
    },
  )
}
