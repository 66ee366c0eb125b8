import { type ApiError, notFound } from '../core/errors'
import { DbError } from '../db/errors'
import { offsetOf, pageRequest } from '../http/pagination/page'
import { newId } from '../lib/ids'
import { DAY } from '../lib/time'
import { commit, isReplayedRequest, readBeforeWrite } from '../service/commit'
import { constraintError, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { tooManyWebhooks, urlRejected, urlTaken } from './errors'
import { fanOutToWebhook } from './fan-out.queries'
import {
  countWebhooks,
  deleteWebhookStatement as deleteWebhookRows,
  findDeleted,
  findWebhook,
  findWebhooks,
  insertWebhook,
  rotateSecretStatement as rotateSecretRow,
  updateWebhookStatement as updateWebhookRow,
} from './queries'
import { type CreateWebhookInput, type ListWebhooksInput, presentWebhook, type UpdateWebhookInput } from './schema'
import { encryptSecret } from './secrets'
import { newSecret } from './signing'
import { targetUrlProblem } from './ssrf-guard'

export { WakeUpBatch } from '../service/wake-up-queue'
export { consume, consumeDeadLetters } from './consumer'
export { enqueueWork, sweepDeliveries } from './sweep'

/** How long the secret before a rotation signs too. */
const PREVIOUS_SIGNS_FOR = DAY

/**
 * Makes a webhook, whose secret only this answer shows. For admins. Throws 422 for an address that may not be sent to,
 * and 409 for a URL that is taken and at the plan's limit.
 */
export async function createWebhook(ctx: ServiceContext, input: CreateWebhookInput) {
  const { accountId } = ctx.caller
  const problem = targetUrlError(ctx, input.url)
  if (problem && !(await isReplayedRequest(ctx))) throw problem
  const id = newId('webhook', ctx.now)
  const secret = newSecret()
  const webhook = {
    id,
    url: input.url,
    events: input.events,
    description: input.description ?? null,
    includeInternal: input.include_internal ?? false,
    secret: await encryptSecret(ctx.config.keys.webhooks, accountId, id, secret),
  }
  await ctx.sweeper.ensureScheduled()
  const committed = await commit(ctx, [insertWebhook(accountId, webhook, ctx.now)], [findWebhook(accountId, id)], {
    secret,
  }).catch(rethrowUrlTaken)
  const [[row]] = committed.rows
  if (!row) throw tooManyWebhooks()
  return { ...presentWebhook(row), secret: committed.secret }
}

/** A page of the account's webhooks, newest first. For admins. */
export async function listWebhooks({ caller, db }: ServiceContext, input: ListWebhooksInput) {
  const page = pageRequest(input)
  const [[count], found] = await db.batch([
    countWebhooks(caller.accountId),
    findWebhooks(caller.accountId, page.perPage, offsetOf(page)),
  ])
  return { page, total: count?.total ?? 0, webhooks: found.map(presentWebhook) }
}

/** One webhook. For admins. Throws 404. */
export async function getWebhook({ caller, db }: ServiceContext, id: string) {
  const row = await db.first(findWebhook(caller.accountId, id))
  if (!row) throw notFound()
  return presentWebhook(row)
}

/**
 * Changes a webhook. For admins. What happened before still counts by the old settings; a webhook that is switched off
 * is told nothing of what happens until it is switched on. Throws 404, 422 and 409 as its creation does.
 */
export async function updateWebhook(ctx: ServiceContext, id: string, input: UpdateWebhookInput) {
  const { accountId } = ctx.caller
  const { url, events, description, active } = input
  const problem = url === undefined ? null : targetUrlError(ctx, url)
  const before = problem && (await readBeforeWrite(ctx, [findWebhook(accountId, id)]))
  if (before) throw before[0][0] ? problem : notFound()
  const change = { url, events, description, active, includeInternal: input.include_internal }
  const { rows } = await commit(
    ctx,
    [...fanOutToWebhook(accountId, id, ctx.now), updateWebhookRow(accountId, id, change)],
    [findWebhook(accountId, id)],
  ).catch(rethrowUrlTaken)
  const [[row]] = rows
  if (!row) throw notFound()
  ctx.notifyConsumer({ listeners: row.active })
  return presentWebhook(row)
}

/** Ends a webhook: nothing more is sent, not even what is pending. For admins. Throws 404. */
export async function deleteWebhook(ctx: ServiceContext, id: string): Promise<void> {
  const { accountId } = ctx.caller
  const answers = [findDeleted(accountId, id, ctx.now)] as const
  const { rows } = await commit(ctx, deleteWebhookRows(accountId, id, ctx.now), answers).catch(rethrow)
  if (!rows[0][0]) throw notFound()
}

/** Gives a webhook a new secret, which only this answer shows; for 24 hours the old one signs too. For admins. Throws 404. */
export async function rotateSecret(ctx: ServiceContext, id: string) {
  const { accountId } = ctx.caller
  const secret = newSecret()
  const sealed = await encryptSecret(ctx.config.keys.webhooks, accountId, id, secret)
  const rotation = rotateSecretRow(accountId, id, sealed, ctx.now + PREVIOUS_SIGNS_FOR, ctx.now)
  const committed = await commit(ctx, [rotation], [findWebhook(accountId, id)], { secret }).catch(rethrow)
  const [[row]] = committed.rows
  if (!row) throw notFound()
  return { ...presentWebhook(row), secret: committed.secret }
}

function targetUrlError({ config, links }: ServiceContext, url: string): ApiError | null {
  const ownOrigins = [links.requested, links.origin]
  const refused = targetUrlProblem(url, { allowPrivate: config.webhooks.allowPrivate, ownOrigins })
  return refused === null ? null : urlRejected(refused)
}

/** A URL is the only key of a webhook that callers choose. */
function rethrowUrlTaken(error: unknown): never {
  const isTaken = error instanceof DbError && error.failure.kind === 'unique'
  throw isTaken ? urlTaken() : constraintError(error)
}
