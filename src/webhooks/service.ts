import { notFound, type ServiceError } from '../core/errors'
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
  deleteWebhookStatements,
  findDeleted,
  findWebhook,
  findWebhooks,
  insertWebhook,
  rotateSecretStatement,
  updateWebhookStatement,
} from './queries'
import { type CreateWebhookInput, type ListWebhooksInput, presentWebhook, type UpdateWebhookInput } from './schema'
import { encryptSecret } from './secrets'
import { newSecret } from './signing'
import { targetUrlProblem } from './ssrf-guard'

export { WakeUpBatch } from '../service/wake-up-queue'
export { consume, consumeDeadLetters } from './consumer'
export { enqueueWork, sweepDeliveries } from './sweep'

/** How long the previous secret also signs after a rotation. */
const PREVIOUS_SECRET_TTL = DAY

/**
 * Returns the secret, which no later response shows. For admins. Throws 422 for a URL that is not allowed, and 409 for a URL
 * that another webhook has and at the limit of the plan.
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
  const committed = await commit(
    ctx,
    [insertWebhook(accountId, webhook, ctx.now)],
    { webhook: findWebhook(accountId, id) },
    { secret },
  ).catch(rethrowUrlTaken)
  const [row] = committed.rows.webhook
  if (!row) throw tooManyWebhooks()
  return { ...presentWebhook(row), secret: committed.secret }
}

/** A page of the account's webhooks, newest first. For admins. */
export async function listWebhooks({ caller, db }: ServiceContext, input: ListWebhooksInput) {
  const page = pageRequest(input)
  const {
    count: [count],
    webhooks,
  } = await db.batch({
    count: countWebhooks(caller.accountId),
    webhooks: findWebhooks(caller.accountId, page.perPage, offsetOf(page)),
  })
  return { page, total: count?.total ?? 0, webhooks: webhooks.map(presentWebhook) }
}

/** For admins. Throws 404. */
export async function getWebhook({ caller, db }: ServiceContext, id: string) {
  const row = await db.first(findWebhook(caller.accountId, id))
  if (!row) throw notFound()
  return presentWebhook(row)
}

/**
 * Earlier events are still delivered by the previous settings, and an inactive webhook does not receive the events of that
 * time later. For admins. Throws 404, and 422 and 409 as `createWebhook` does.
 */
export async function updateWebhook(ctx: ServiceContext, id: string, input: UpdateWebhookInput) {
  const { accountId } = ctx.caller
  const { url, events, description, active } = input
  const problem = url === undefined ? null : targetUrlError(ctx, url)
  const before = problem && (await readBeforeWrite(ctx, { webhook: findWebhook(accountId, id) }))
  if (before) throw before.webhook.length > 0 ? problem : notFound()
  const change = { url, events, description, active, includeInternal: input.include_internal }
  const { rows } = await commit(
    ctx,
    [...fanOutToWebhook(accountId, id, ctx.now), updateWebhookStatement(accountId, id, change)],
    { webhook: findWebhook(accountId, id) },
  ).catch(rethrowUrlTaken)
  const [row] = rows.webhook
  if (!row) throw notFound()
  ctx.notifyConsumer({ active_webhooks: row.active })
  return presentWebhook(row)
}

/** Also cancels the pending deliveries. For admins. Throws 404. */
export async function deleteWebhook(ctx: ServiceContext, id: string): Promise<void> {
  const { accountId } = ctx.caller
  const { rows } = await commit(ctx, deleteWebhookStatements(accountId, id, ctx.now), {
    deleted: findDeleted(accountId, id, ctx.now),
  }).catch(rethrow)
  if (rows.deleted.length === 0) throw notFound()
}

/**
 * Returns the new secret, which no later response shows. The previous one also signs for 24 hours. For admins. Throws 404.
 */
export async function rotateSecret(ctx: ServiceContext, id: string) {
  const { accountId } = ctx.caller
  const secret = newSecret()
  const encrypted = await encryptSecret(ctx.config.keys.webhooks, accountId, id, secret)
  const rotation = rotateSecretStatement(accountId, id, encrypted, ctx.now + PREVIOUS_SECRET_TTL, ctx.now)
  const reads = { webhook: findWebhook(accountId, id) }
  const committed = await commit(ctx, [rotation], reads, { secret }).catch(rethrow)
  const [row] = committed.rows.webhook
  if (!row) throw notFound()
  return { ...presentWebhook(row), secret: committed.secret }
}

function targetUrlError({ config, links }: ServiceContext, url: string): ServiceError | null {
  const ownOrigins = [links.requested, links.origin]
  const problem = targetUrlProblem(url, { allowPrivate: config.webhooks.allowPrivate, ownOrigins })
  return problem === null ? null : urlRejected(problem)
}

/** The URL is the only unique column whose value callers choose. */
function rethrowUrlTaken(error: unknown): never {
  const isTaken = error instanceof DbError && error.failure.kind === 'unique'
  throw isTaken ? urlTaken() : constraintError(error)
}
