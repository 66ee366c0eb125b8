import type { Context } from 'hono'
import { configOf } from '../core/config'
import { asBookmark } from '../db/bookmarks'
import { openAccount, openDirectory, type ReadConsistency } from '../db/client'
import type { ActiveWebhooks } from '../db/outbox'
import type { AppEnv } from '../http/app-env'
import { readIfMatch } from '../http/etag'
import type { PublicContext, ServiceContext } from '../service/context'
import { parseIdempotencyKey } from '../service/idempotency-key'
import { enqueueFanOut } from '../service/wake-up-queue'
import { isCommonPassword } from './common-passwords'
import { ipAddressOf } from './middleware'
import { memberCacheOf } from './revocation'
import { sweeperOf } from './sweeper-client'
import { throttleFor } from './throttle'

/** Call it after the body has been read: `now` is the time of the write. */
export function serviceContext(c: Context<AppEnv>): ServiceContext {
  const { caller, costs } = c.var
  return {
    caller,
    db: openAccount(c.env, caller.accountId, costs, readConsistency(c), caller),
    files: c.env.FILES,
    config: configOf(c.env),
    now: Date.now(),
    links: linksOf(c),
    memberCache: memberCacheOf(c.env, caller.accountId),
    throttle: throttleFor(c.env, ipAddressOf(c)),
    notifyConsumer: (activeWebhooks) => notifyConsumer(c, caller.accountId, activeWebhooks),
    sweeper: sweeperOf(c.env),
    isCommonPassword: (password) => isCommonPassword(c.env, password),
    idempotency: requestIdempotency(c),
    expectedVersions: readIfMatch(c.req.header('If-Match')),
    runAfterResponse: (work) => c.executionCtx.waitUntil(work),
  }
}

export function publicContext(c: Context<AppEnv>): PublicContext {
  const { costs } = c.var
  return {
    directory: openDirectory(c.env, costs),
    openAccount: (accountId) => openAccount(c.env, accountId, costs),
    config: configOf(c.env),
    now: Date.now(),
    throttle: throttleFor(c.env, ipAddressOf(c)),
    isCommonPassword: (password) => isCommonPassword(c.env, password),
    notifyConsumer: (accountId, activeWebhooks) => notifyConsumer(c, accountId, activeWebhooks),
  }
}

function notifyConsumer(c: Context<AppEnv>, accountId: string, activeWebhooks: ActiveWebhooks | undefined): void {
  if (activeWebhooks && activeWebhooks.active_webhooks > 0)
    c.executionCtx.waitUntil(enqueueFanOut(c.env.WEBHOOKS, accountId))
}

/**
 * Writes, and reads by a caller that has written within a minute, go to the primary; other reads to any replica that is at
 * least as new as the caller's bookmark.
 */
function readConsistency(c: Context<AppEnv>): ReadConsistency {
  const reads = c.req.method === 'GET' || c.req.method === 'HEAD'
  if (!reads || c.var.wroteRecently) return 'first-primary'
  return asBookmark(c.req.header('X-D1-Bookmark')) ?? 'first-unconstrained'
}

function requestIdempotency(c: Context<AppEnv>): ServiceContext['idempotency'] {
  const { search } = new URL(c.req.url)
  // The routed path, because the URL of a resource can be encoded in several ways.
  const path = `/${c.req.path.split('/').slice(3).join('/')}`
  const { method } = c.req
  const request = { method, path, query: search, bodyHashes: c.var.bodyHashes ?? [''], callerId: c.var.caller.id }
  const idempotency = parseIdempotencyKey(configOf(c.env), c.req.header('Idempotency-Key'), request)
  return idempotency && { ...idempotency, markReplayed: () => c.set('replayed', true) }
}

function linksOf(c: Context<AppEnv>): ServiceContext['links'] {
  const { origin, pathname } = new URL(c.req.url)
  return {
    origin: configOf(c.env).publicOrigin ?? origin,
    requested: origin,
    prefix: pathname.split('/').slice(0, 3).join('/'),
  }
}
