import type { Bindings } from '../core/config'
import { logFailure, writeLog } from '../core/log'
import { openAccount } from '../db/client'
import { SECOND } from '../lib/time'
import type { FanOutMessage } from '../service/wake-up-queue'
import { WakeUpBatch } from '../service/wake-up-queue'
import { markDeadLettered } from './deliveries.queries'
import { startDeliveryWorker } from './delivery-worker'
import { fanOutEvents, hasPendingEvents } from './fan-out.queries'
import { expandReplay, findReplays } from './replay.queries'

/** After so long without a turn that ended, the senders under way are left to themselves. */
const STALL = SECOND
const BATCHES_PER_MESSAGE = 5
const RETRY = { delaySeconds: 5 }
const DELIVERIES_A_DEAD_LETTER = 500

type Message = Pick<globalThis.Message<FanOutMessage>, 'body' | 'ack' | 'retry' | 'id'>

/**
 * What the queue's messages ask for: makes deliveries of the events of the accounts they name, and sends what is due, of
 * all accounts. Acknowledges each message or puts it back, and never throws, for a handler that does would bring back
 * those already done. It returns once nothing moves any more: subscribers that do not answer are waited for behind it.
 */
export async function consume(env: Bindings, ctx: ExecutionContext, messages: readonly Message[]): Promise<void> {
  const batch = new WakeUpBatch(env.WEBHOOKS)
  const prepared = new Map<string, Promise<boolean>>()
  for (const { body } of messages)
    if (body.account_id !== null && !prepared.has(body.account_id))
      prepared.set(body.account_id, succeeds('fan-out', prepareDeliveries(env, body.account_id, batch)))
  await Promise.all(prepared.values())
  const sent = await succeeds('sender', send(env, ctx, batch))
  for (const message of messages) {
    const ready = message.body.account_id === null || (await prepared.get(message.body.account_id))
    if (ready && sent) message.ack()
    else message.retry(RETRY)
  }
  await batch.enqueue()
}

/**
 * What became of messages that were put back too often: shows on the deliveries that are due, which the sweep will try
 * again, and in the log. Never throws.
 */
export async function consumeDeadLetters(env: Bindings, messages: readonly Message[]): Promise<void> {
  for (const message of messages) {
    const accountId = message.body.account_id
    writeLog('error', { dead_letter: message.id, account_id: accountId })
    const shown =
      accountId === null ||
      (await succeeds(
        'dead letter',
        openAccount(env, accountId).all(markDeadLettered(accountId, DELIVERIES_A_DEAD_LETTER, Date.now())),
      ))
    if (shown) message.ack()
    else message.retry(RETRY)
  }
}

/** Makes deliveries of an account's events and replays, a bounded number; rings for the rest. Throws `DbError`. */
async function prepareDeliveries(env: Bindings, accountId: string, batch: WakeUpBatch): Promise<void> {
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
    pending = await db.change(writes, reads)
  }
  batch.add(accountId, Date.now())
}

/** Sends what is due, until nothing is, or until nothing moves. Throws `DbError`. */
async function send(env: Bindings, ctx: ExecutionContext, batch: WakeUpBatch): Promise<void> {
  let turns = 0
  let isHandedOver = false
  const sender = startDeliveryWorker(env, (nextAt) => {
    turns += 1
    if (nextAt !== null && (isHandedOver || nextAt > Date.now())) batch.add(null, nextAt)
    // Whoever has more to send does not wait for those that still hang.
    if (isHandedOver) ctx.waitUntil(batch.enqueue())
  })
  const done = sender.done.then((lookAgain) => {
    if (lookAgain !== null) batch.add(null, lookAgain)
    return true
  })
  for (let before = -1; before < turns; ) {
    before = turns
    if (await Promise.race([done, sleep(STALL)])) return
  }
  isHandedOver = true
  sender.stop()
  if (sender.isFull()) batch.add(null, Date.now())
  ctx.waitUntil(
    succeeds(
      'sender',
      done.then(() => batch.enqueue()),
    ),
  )
}

function sleep(milliseconds: number): Promise<false> {
  return new Promise((resolve) => setTimeout(() => resolve(false), milliseconds))
}

/** Whether some work, called `part` in the log, comes to its end. */
function succeeds(part: string, work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    (error) => {
      logFailure(part, error)
      return false
    },
  )
}
