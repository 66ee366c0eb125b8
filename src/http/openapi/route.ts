import { createRoute, type OpenAPIHono, type RouteConfig, type RouteHandler, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { isMatch } from '../../lib/text'
import type { AppEnv } from '../app-env'
import { jsonBody, noBody } from '../middleware/json-body'
import { queryEncoding } from '../middleware/query-encoding'
import { rawBody } from '../middleware/raw-body'
import type { DocumentedError, DocumentedStatus } from './error-responses'
import type { Guard } from './guard'
import { withMetadata } from './operation'

const READS = new Set(['GET', 'HEAD'])

const NoParameters = z.strictObject({})

const MAX_KEY = 255
const KEY = /^[\x20-\x7e]{1,255}$/

const IdempotencyHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .refine((key) => isMatch(key, KEY, MAX_KEY), `must be 1 to ${MAX_KEY} printable ASCII characters`)
    .optional()
    .openapi({
      maxLength: MAX_KEY,
      pattern: KEY.source,
      example: '5b1f3c9e-7f6a-4d0b-9a53-6a1c8e2d4f10',
      description:
        'For 24 hours the same caller’s same key on the same method and path with the same body gives the first answer ' +
        'again, with `Idempotent-Replayed: true`; the deed is done once. Another body is a 422. Of requests at once one is ' +
        'carried out, and the others are given its answer: none is told to wait. Only 2xx answers are kept.',
    }),
})

/** Whether a route carries out a request with an idempotency key once: every write of a known caller but those of `/auth`. */
function takesKey({ method, path, guard }: Pick<Definition, 'method' | 'path' | 'guard'>): boolean {
  return method !== 'get' && !path.startsWith('/auth/') && guard.policy !== 'everybody'
}

type Definition = Omit<RouteConfig, 'security'> & {
  operationId: string
  summary: string
  tags: string[]
  /** Who is let in. */
  guard: Guard
  /** The failures that are this route's own: a status, or what it refuses and why. */
  errors?: readonly (DocumentedStatus | DocumentedError)[]
}

/**
 * Describes a route once for the router, the validators, the handler's types and the OpenAPI document. Adds what all
 * routes share, in the order in which a request is checked: guard, body, parameters, of which the query must be readable;
 * and the errors of each.
 */
export function defineRoute<const D extends Definition>(definition: D) {
  return toRouteConfig<D>(createRoute(withShared(definition)))
}

/** TypeScript can not see that what was added leaves the definition's own parts as they were. */
function toRouteConfig<D extends Definition>(route: unknown): DefinedRoute<D> {
  return route as DefinedRoute<D>
}

function withShared({ guard, errors = [], ...config }: Definition): RouteConfig {
  const content = config.request?.body?.content
  const body = content === undefined ? 'none' : 'application/json' in content ? 'json' : 'raw'
  const reads = config.method === 'get'
  const withKey = takesKey({ ...config, guard })
  const { description, responses } = config
  const metadata = { guard, errors, body, takesKey: withKey, reads, description, responses } as const
  const reader = { none: noBody, json: jsonBody, raw: rawBody }[body]
  const request = { query: NoParameters, ...(withKey && { headers: IdempotencyHeaders }), ...config.request }
  return withMetadata(
    { ...config, middleware: [...guard.handlers, ...(reads ? [] : [reader]), queryEncoding], request },
    metadata,
  )
}

/** What the handler's types are drawn from: the route's own answers, for failures are thrown. */
type DefinedRoute<D extends Definition> = Pick<D, 'method' | 'path' | 'responses'> & {
  request: D extends { request: infer Request } ? Request : Record<never, never>
}

/**
 * Puts a route into the router. On a GET the handler runs beside the rate limiter's call, on what the credential
 * claims; its answer is only used once the limiter has vouched for the caller, and made anew if the role has changed, or
 * if a replica has answered somebody who has written within a minute.
 */
export function registerRoute<R extends RouteConfig>(
  app: OpenAPIHono<AppEnv>,
  route: R,
  handler: RouteHandler<R, AppEnv>,
): void {
  const settled = async (...[c, next]: Parameters<RouteHandler<R, AppEnv>>) => {
    const { verification, caller: claimed } = c.var
    if (!verification) return handler(c, next)
    if (!READS.has(c.req.method)) return markReplay(c, await handler(c, next))
    const early = Promise.resolve(handler(c, next))
    early.catch(() => undefined)
    const caller = await verification
    if (c.var.wroteRecently) await early.catch(() => undefined)
    const isStale = c.var.wroteRecently === true && c.var.costs.usedReplica
    if (caller.role === claimed.role && !isStale) return early
    c.set('caller', caller)
    forgetHeaders(c, await early.catch(() => undefined))
    return handler(c, next)
  }
  app.openapi(route, asHandler<R>(settled))
}

/** Hono begins an answer with the headers that an earlier one was given: those of one that is not sent must go. */
function forgetHeaders(c: Context<AppEnv>, unsent: unknown): void {
  if (!(unsent instanceof Response)) return
  for (const name of unsent.headers.keys()) if (name !== 'x-request-id') c.header(name, undefined)
}

function markReplay<Answer>(c: Context<AppEnv>, given: Answer): Answer {
  if (c.var.replayed && given instanceof Response) given.headers.set('Idempotent-Replayed', 'true')
  return given
}

/** TypeScript can not see that awaiting a handler's answer gives that handler's answer. */
function asHandler<R extends RouteConfig>(handler: unknown): RouteHandler<R, AppEnv> {
  return handler as RouteHandler<R, AppEnv>
}
