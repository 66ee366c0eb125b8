import { z } from '@hono/zod-openapi'
import { notFound } from '../core/errors'
import { DbError } from '../db/errors'
import type { Statement } from '../db/statement'
import { readCursor, writeCursor } from '../http/pagination/cursor'
import { newId } from '../lib/ids'
import { commit, readBeforeWrite } from '../service/commit'
import { constraintError, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import {
  DELIVERIES_PER_SCAN,
  findAttempts,
  findDeliveries,
  findDelivery,
  findSendable,
  insertTest,
  measureDeliveryScan,
  requestAttempt,
} from './deliveries.queries'
import {
  type ListDeliveriesInput,
  presentDelivery,
  presentDeliveryWithAttempts,
  type ReplayInput,
} from './delivery-schema'
import { replayInProgress, replayTooLarge, webhookInactive } from './errors'
import { findWebhook } from './queries'
import { countIfActive, insertReplay, measureReplay } from './replay.queries'

const ATTEMPTS_SHOWN = 100
const MAX_REPLAYED_EVENTS = 10_000

/** Stored in cursors, which stay valid: the names must not change. */
const DeliveryPosition = z.object({ towards: z.enum(['older', 'newer']), beyond: z.number().int() })

/** Newest event first. For admins. Throws 404, and 400 for a cursor of another list. */
export async function listDeliveries(ctx: ServiceContext, webhookId: string, input: ListDeliveriesInput) {
  const { accountId } = ctx.caller
  const { status, event } = input
  const scope = { list: 'deliveries', accountId, webhookId, status, event }
  const position = readCursor(ctx.db, scope, input.cursor, DeliveryPosition)
  const direction = position?.towards ?? 'older'
  const window = { status, event, direction, after: position?.beyond ?? null }
  const perPage = input.per_page ?? 20
  const {
    webhook: [webhook],
    found,
    scan: [scan],
  } = await ctx.db.batch({
    webhook: findWebhook(accountId, webhookId),
    found: findDeliveries(accountId, webhookId, window, perPage + 1),
    scan: measureDeliveryScan(accountId, webhookId, window),
  })
  if (!webhook) throw notFound()

  const nearestFirst = found.slice(0, perPage)
  const isScanFull = scan?.scanned === DELIVERIES_PER_SCAN
  const end = found.length > perPage ? nearestFirst.at(-1)?.sequence : isScanFull ? scan.last : null
  const cursorTo = (towards: 'older' | 'newer', beyond: number) => writeCursor(ctx.db, scope, { towards, beyond })

  if (direction === 'older') {
    const next = end == null ? null : cursorTo('older', end)
    const prev = position && cursorTo('newer', nearestFirst[0]?.sequence ?? position.beyond - 1)
    return { perPage, cursors: { next, prev }, deliveries: nearestFirst.map(presentDelivery) }
  }
  const next = position && cursorTo('older', nearestFirst[0]?.sequence ?? position.beyond + 1)
  const prev = end == null ? null : cursorTo('newer', end)
  return { perPage, cursors: { next, prev }, deliveries: nearestFirst.toReversed().map(presentDelivery) }
}

/** With its latest 100 attempts. For admins. Throws 404. */
export async function getDelivery({ caller, db }: ServiceContext, webhookId: string, id: string) {
  const { accountId } = caller
  const {
    webhook: [webhook],
    delivery: [delivery],
    attempts,
  } = await db.batch({
    webhook: findWebhook(accountId, webhookId),
    delivery: findDelivery(accountId, webhookId, id),
    attempts: findAttempts(accountId, id, ATTEMPTS_SHOWN),
  })
  if (!webhook || !delivery) throw notFound()
  return presentDeliveryWithAttempts(delivery, attempts)
}

/** Sends a delivery again, whatever its status. For admins. Throws 404, and 409 for an inactive webhook. */
export async function redeliver(ctx: ServiceContext, webhookId: string, id: string) {
  const { accountId } = ctx.caller
  return sendNow(ctx, webhookId, id, requestAttempt(accountId, webhookId, id, ctx.now))
}

/** Sends a `webhook.test` event to one webhook. For admins. Throws 404, and 409 for an inactive webhook. */
export async function testWebhook(ctx: ServiceContext, webhookId: string) {
  const { accountId } = ctx.caller
  const test = { id: newId('evt', ctx.now), deliveryId: newId('dlv', ctx.now) }
  return sendNow(ctx, webhookId, test.deliveryId, insertTest(accountId, webhookId, test, ctx.now))
}

async function sendNow(ctx: ServiceContext, webhookId: string, id: string, writes: readonly Statement[]) {
  const { accountId } = ctx.caller
  const { rows, isReplay } = await commit(ctx, writes, {
    sendable: findSendable(accountId, webhookId, id),
    webhook: findWebhook(accountId, webhookId),
    delivery: findDelivery(accountId, webhookId, id),
  }).catch(rethrow)
  const [webhook] = rows.webhook
  const [delivery] = rows.delivery
  if (!webhook) throw notFound()
  if (webhook.active !== 1) throw webhookInactive()
  if (!delivery) throw notFound()
  if (!isReplay) ctx.notifyConsumer({ active_webhooks: 1 })
  return presentDelivery(delivery)
}

/**
 * Sends the events of a period again: those to which the webhook is subscribed, since its creation. Returns how many. For
 * admins. Throws 404, 409 for an inactive webhook and while another replay of it is pending, and 422 for more than 10,000
 * events.
 */
export async function replayEvents(ctx: ServiceContext, webhookId: string, input: ReplayInput) {
  const { accountId } = ctx.caller
  const request = {
    webhookId,
    since: input.since,
    // Not the present: writes within one millisecond get times ahead of the clock.
    until: input.until ?? Number.MAX_SAFE_INTEGER,
    onlyFailed: input.only_failed ?? false,
  }
  const before = await readBeforeWrite(ctx, {
    webhook: findWebhook(accountId, webhookId),
    events: measureReplay(accountId, request, MAX_REPLAYED_EVENTS + 1),
  })
  const [webhook] = before?.webhook ?? []
  if (before && !webhook) throw notFound()
  if (before && webhook?.active !== 1) throw webhookInactive()
  const { count, first, last } = before?.events[0] ?? { count: 0, first: null, last: null }
  if (count > MAX_REPLAYED_EVENTS) throw replayTooLarge()
  const writes = first === null || last === null ? [] : [insertReplay(accountId, request, first, last)]
  const reads = { started: countIfActive(accountId, webhookId, count) }
  const { rows, isReplay } = await commit(ctx, writes, reads).catch(rethrowReplayInProgress)
  const [started] = rows.started
  if (!started) throw webhookInactive()
  if (!isReplay) ctx.notifyConsumer({ active_webhooks: 1 })
  return { count: started.count }
}

function rethrowReplayInProgress(error: unknown): never {
  const isInProgress = error instanceof DbError && error.failure.kind === 'unique'
  throw isInProgress ? replayInProgress() : constraintError(error)
}
