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
  DELIVERIES_A_SCAN,
  findAttempts,
  findDeliveries,
  findDelivery,
  findSendable,
  insertTest,
  measureDeliveryScan,
  requestAttempt,
} from './deliveries.queries'
import { replayInProgress, replayTooLarge, webhookInactive } from './errors'
import { countOf, insertReplay, measureReplay } from './fan-out.queries'
import { findWebhook } from './queries'
import { type ListDeliveriesInput, presentDelivery, presentDeliveryWithAttempts, type ReplayInput } from './schema'

const ATTEMPTS_SHOWN = 100
const EVENTS_A_REPLAY = 10_000

/** As cursors contain it: those that clients have stored must stay valid. */
const Position = z.object({ towards: z.enum(['older', 'newer']), beyond: z.number().int() })

/** A webhook's deliveries, newest event first, walked by cursor. For admins. Throws 404. */
export async function listDeliveries(ctx: ServiceContext, webhookId: string, input: ListDeliveriesInput) {
  const { accountId } = ctx.caller
  const { status, event } = input
  const scope = { list: 'deliveries', accountId, webhookId, status, event }
  const position = readCursor(ctx.db, scope, input.cursor, Position)
  const [direction, after] = [position?.towards ?? 'older', position?.beyond ?? null]
  const window = { status, event, direction, after } as const
  const perPage = input.per_page ?? 20
  const [[webhook], found, [scan]] = await ctx.db.batch([
    findWebhook(accountId, webhookId),
    findDeliveries(accountId, webhookId, window, perPage + 1),
    measureDeliveryScan(accountId, webhookId, window),
  ])
  if (!webhook) throw notFound()
  const near = found.slice(0, perPage)
  const isCut = found.length > perPage
  const mayHoldMore = isCut || scan?.scanned === DELIVERIES_A_SCAN
  const shown = direction === 'older' ? near : near.toReversed()
  const further = mayHoldMore ? (isCut ? near.at(-1)?.sequence : scan?.last) : undefined
  const at = (direction: 'older' | 'newer', sequence: number | null | undefined) =>
    sequence == null ? null : writeCursor(ctx.db, scope, { towards: direction, beyond: sequence })
  const cursors =
    direction === 'older'
      ? { next: at('older', further), prev: after === null ? null : at('newer', shown[0]?.sequence ?? after - 1) }
      : { next: at('older', shown.at(-1)?.sequence ?? (after ?? 0) + 1), prev: at('newer', further) }
  return { perPage, cursors, deliveries: shown.map(presentDelivery) }
}

/** One delivery with its latest 100 attempts. For admins. Throws 404. */
export async function getDelivery({ caller, db }: ServiceContext, webhookId: string, id: string) {
  const { accountId } = caller
  const [[webhook], [row], attempts] = await db.batch([
    findWebhook(accountId, webhookId),
    findDelivery(accountId, webhookId, id),
    findAttempts(accountId, id, ATTEMPTS_SHOWN),
  ])
  if (!webhook || !row) throw notFound()
  return presentDeliveryWithAttempts(row, attempts)
}

/** Sends a delivery once more, now, whatever became of it. For admins. Throws 404, and 409 for an inactive webhook. */
export async function redeliver(ctx: ServiceContext, webhookId: string, id: string) {
  const { accountId } = ctx.caller
  return sendNow(ctx, webhookId, id, requestAttempt(accountId, webhookId, id, ctx.now))
}

/** Sends a `webhook.test` to the webhook. For admins. Throws 404, and 409 for an inactive webhook. */
export async function testWebhook(ctx: ServiceContext, webhookId: string) {
  const { accountId } = ctx.caller
  const test = { id: newId('evt', ctx.now), deliveryId: newId('dlv', ctx.now) }
  return sendNow(ctx, webhookId, test.deliveryId, insertTest(accountId, webhookId, test, ctx.now))
}

async function sendNow(ctx: ServiceContext, webhookId: string, id: string, writes: readonly Statement[]) {
  const { accountId } = ctx.caller
  const { rows, isReplay } = await commit(ctx, writes, [
    findSendable(accountId, webhookId, id),
    findWebhook(accountId, webhookId),
    findDelivery(accountId, webhookId, id),
  ]).catch(rethrow)
  const [, [webhook], [row]] = rows
  if (!webhook) throw notFound()
  if (!row) throw webhook.active === 1 ? notFound() : webhookInactive()
  if (webhook.active !== 1) throw webhookInactive()
  if (!isReplay) ctx.notifyConsumer({ listeners: 1 })
  return presentDelivery(row)
}

/**
 * Sends the events of a span of time once more, those that the webhook wants and that are younger than it. For admins.
 * Gives how many. Throws 404, 409 for an inactive webhook and while another replay of it is being prepared, and 422 for more
 * than 10,000 events.
 */
export async function replay(ctx: ServiceContext, webhookId: string, input: ReplayInput) {
  const { accountId } = ctx.caller
  const request = {
    webhookId,
    since: input.since,
    // Not the present: the times of writes in the same millisecond run ahead of the clock.
    until: input.until ?? Number.MAX_SAFE_INTEGER,
    onlyFailed: input.only_failed ?? false,
  }
  const before = await readBeforeWrite(ctx, [
    findWebhook(accountId, webhookId),
    measureReplay(accountId, request, EVENTS_A_REPLAY + 1),
  ])
  const [[webhook], [measured]] = before ?? [[], []]
  if (before && !webhook) throw notFound()
  if (before && webhook?.active !== 1) throw webhookInactive()
  const { count, first, last } = measured ?? { count: 0, first: null, last: null }
  if (count > EVENTS_A_REPLAY) throw replayTooLarge()
  const writes = first === null || last === null ? [] : [insertReplay(accountId, request, first, last)]
  const { rows, isReplay } = await commit(ctx, writes, [countOf(accountId, webhookId, count)]).catch(
    rethrowReplayInProgress,
  )
  const [[noted]] = rows
  if (!noted) throw webhookInactive()
  if (!isReplay) ctx.notifyConsumer({ listeners: 1 })
  return { count: noted.count }
}

function rethrowReplayInProgress(error: unknown): never {
  const isUnderWay = error instanceof DbError && error.failure.kind === 'unique'
  throw isUnderWay ? replayInProgress() : constraintError(error)
}
