import type { Context } from 'hono'
import type { ServiceContext } from '../context'
import { openAccount } from '../db/client'
import { configOf } from '../env'
import type { AppEnv } from './app-env'
import { wakeSender } from './wake'

/** What a service needs to know of a request, without the request. */
export function serviceContext(c: Context<AppEnv>): ServiceContext {
  const { caller, costs, startedAt } = c.var
  return {
    caller,
    db: openAccount(c.env, caller.accountId, costs),
    files: c.env.FILES,
    config: configOf(c.env),
    now: startedAt,
    links: linksOf(c),
    wake: () => c.executionCtx.waitUntil(wakeSender(c.env.WEBHOOKS, caller.accountId)),
    later: (work) => c.executionCtx.waitUntil(work),
  }
}

/** The origin of absolute URLs and the prefix of paths, for the request at hand. */
export function linksOf(c: Context<AppEnv>): ServiceContext['links'] {
  const { origin, pathname } = new URL(c.req.url)
  return {
    origin: configOf(c.env).publicOrigin ?? origin,
    prefix: pathname.split('/').slice(0, 3).join('/'),
  }
}
