import { createRoute, type OpenAPIHono, type RouteConfig, type RouteHandler, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import type { Caller } from '../../core/caller'
import { rule } from '../../core/error-details'
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
    .refine(
      (key) => isMatch(key, KEY, MAX_KEY),
      rule('invalid_format', `must be 1 to ${MAX_KEY} printable ASCII characters`),
    )
    .optional()
    .openapi({
      maxLength: MAX_KEY,
      pattern: KEY.source,
      example: '5b1f3c9e-7f6a-4d0b-9a53-6a1c8e2d4f10',
      description:
        'Makes retries safe: for 24 hours, the same key returns the first response again and the operation runs once. ' +
        'Concurrent requests with the same key all get the same response. Another request with the key returns 422. ' +
        'See [Idempotency](/docs/guides/idempotency).',
    }),
})

/** Whether a route accepts an idempotency key: every write with a credential, except for `/auth/…`. */
function acceptsIdempotencyKey({ method, path, guard }: Pick<Definition, 'method' | 'path' | 'guard'>): boolean {
  return method !== 'get' && !path.startsWith('/auth/') && guard.policy !== 'everybody'
}

type Definition = Omit<RouteConfig, 'security'> & {
  operationId: string
  summary: string
  tags: string[]
  guard: Guard
  /** In addition to those that all routes share: a status, or an example. */
  errors?: readonly (DocumentedStatus | DocumentedError)[]
}

/**
 * Defines a route for the router, the validators, the types of the handler and the OpenAPI document. A request is checked by
 * the guard, then its body, the encoding of its query, and its parameters.
 */
export function defineRoute<const D extends Definition>(definition: D) {
  return toRouteConfig<D>(createRoute(withShared(definition)))
}

/** TypeScript cannot infer that `withShared` leaves these properties unchanged. */
function toRouteConfig<D extends Definition>(route: unknown): DefinedRoute<D> {
  return route as DefinedRoute<D>
}

function withShared({ guard, errors = [], ...config }: Definition): RouteConfig {
  const content = config.request?.body?.content
  const body = content === undefined ? 'none' : 'application/json' in content ? 'json' : 'raw'
  const isRead = config.method === 'get'
  const hasKey = acceptsIdempotencyKey({ ...config, guard })
  const { description, responses } = config
  const metadata = { guard, errors, body, acceptsIdempotencyKey: hasKey, isRead, description, responses } as const
  const reader = { none: noBody, json: jsonBody, raw: rawBody }[body]
  const request = { query: NoParameters, ...(hasKey && { headers: IdempotencyHeaders }), ...config.request }
  return withMetadata(
    { ...config, middleware: [...guard.handlers, ...(isRead ? [] : [reader]), queryEncoding], request },
    metadata,
  )
}

/** For the types of the handler: without error responses, because errors are thrown. */
type DefinedRoute<D extends Definition> = Pick<D, 'method' | 'path' | 'responses'> & {
  request: D extends { request: infer Request } ? Request : Record<never, never>
}

export function registerRoute<R extends RouteConfig>(
  app: OpenAPIHono<AppEnv>,
  route: R,
  handler: RouteHandler<R, AppEnv>,
): void {
  const dispatch = async (...[c, next]: Parameters<RouteHandler<R, AppEnv>>) => {
    const handle = () => handler(c, next)
    const { verification } = c.var
    if (!verification) return handle()
    return READS.has(c.req.method) ? handleSpeculatively(c, verification, handle) : markReplay(c, await handle())
  }
  app.openapi(route, asHandler<R>(dispatch))
}

/**
 * Handles a read in parallel with its verification. The response is discarded and rebuilt if the role was stale, or if a
 * replica served a caller that has written within a minute. Throws what the verification throws.
 */
async function handleSpeculatively<Result>(
  c: Context<AppEnv>,
  verification: Promise<Caller>,
  handle: () => Result,
): Promise<Awaited<Result>> {
  const { role } = c.var.caller
  const speculative = Promise.resolve(handle())
  speculative.catch(() => undefined)
  const caller = await verification
  if (c.var.wroteRecently) await speculative.catch(() => undefined)
  const isOutdated = c.var.wroteRecently === true && c.var.costs.usedReplica
  if (caller.role === role && !isOutdated) return speculative
  c.set('caller', caller)
  removeHeaders(c, await speculative.catch(() => undefined))
  return await handle()
}

/** Hono copies the headers of an earlier response of the same context: those of a discarded one must be removed. */
function removeHeaders(c: Context<AppEnv>, discarded: unknown): void {
  if (!(discarded instanceof Response)) return
  for (const name of discarded.headers.keys()) if (name !== 'x-request-id') c.header(name, undefined)
}

function markReplay<R>(c: Context<AppEnv>, response: R): R {
  if (c.var.replayed && response instanceof Response) response.headers.set('Idempotent-Replayed', 'true')
  return response
}

/** TypeScript cannot infer that the awaited response has the type of the handler's. */
function asHandler<R extends RouteConfig>(handler: unknown): RouteHandler<R, AppEnv> {
  return handler as RouteHandler<R, AppEnv>
}
