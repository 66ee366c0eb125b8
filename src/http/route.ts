import { createRoute, type OpenAPIHono, type RouteConfig, type RouteHandler, z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from './app-env'
import { jsonBody, noBody } from './body'
import { ERROR_CODES } from './errors'
import { rawBody } from './raw-body'

const ErrorBody = z
  .object({
    error: z.object({
      code: z.enum(ERROR_CODES),
      message: z.string(),
      details: z.array(z.object({ field: z.string(), message: z.string() })),
    }),
  })
  .openapi('Error', {
    example: {
      error: {
        code: 'invalid_input',
        message: 'The request data is invalid',
        details: [{ field: 'priority', message: 'Priority must be one of: low, medium, high, critical' }],
      },
    },
  })

const ERRORS = {
  400: 'The request data is invalid',
  401: 'No credential, or one that is not valid',
  403: 'The role of the caller may not do this',
  404: 'Not there, or not visible to this caller',
  409: 'The request conflicts with what is there',
  410: 'The cursor is older than what is kept',
  411: 'The length of the body is not told',
  412: '`If-Match` does not hold',
  413: 'The body is too large',
  415: 'The body is of another type than this route reads',
  416: 'The range lies behind the end',
  422: 'Well-formed, but refers to something that is not allowed',
  429: 'The rate limit is reached',
  500: 'Something went wrong on our side',
  503: 'The service can not answer at the moment',
} as const

/** The rate-limit headers, which every answer of the API carries. */
const RateHeaders = z.object({
  'X-RateLimit-Limit': z.string().openapi({ type: 'integer', example: 100 }),
  'X-RateLimit-Remaining': z.string().openapi({ type: 'integer', example: 95 }),
  'X-RateLimit-Reset': z.string().openapi({ type: 'integer', example: 1714997400, description: 'Unix seconds' }),
  'RateLimit-Policy': z.string().openapi({ example: '"standard";q=100;w=60' }),
  RateLimit: z.string().openapi({ example: '"standard";r=95;t=41' }),
  'X-Request-Id': z.string(),
  'Idempotent-Replayed': z
    .string()
    .optional()
    .openapi({ description: '`true` where an earlier answer is given again' }),
  'X-D1-Bookmark': z.string().optional().openapi({
    description: 'What was seen of the database: sent back, it lets another process read nothing older',
  }),
})

/** One documented JSON answer. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, headers: RateHeaders, content: { 'application/json': { schema } } }
}

export const NDJSON = 'application/x-ndjson'

/** A documented answer of lines of JSON, which is streamed. */
export function lines(description: string) {
  // The router takes a name that ends in `json` for JSON, unless it does not know the name.
  const content: Record<string, { schema: z.ZodType }> = { [NDJSON]: { schema: z.string() } }
  return { description, headers: RateHeaders, content }
}

/** One documented answer without a body. */
export function empty(description: string) {
  return { description, headers: RateHeaders }
}

/** A JSON body, which must be there. */
export function jsonRequest<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } } as const
}

/** A body of bytes of any type, which must be there and is streamed. */
export function rawRequest(description: string) {
  const schema = z.string().openapi({ format: 'binary' })
  return { required: true, description, content: { 'application/octet-stream': { schema } } } as const
}

const READS = new Set(['GET', 'HEAD'])

const NoParameters = z.strictObject({})

const IdempotencyHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .optional()
    .openapi({
      description:
        'For 24 hours the same caller’s same key on the same method and path with the same body gives the first answer ' +
        'again, with `Idempotent-Replayed: true`; the deed is done once. Another body is a 422. Of requests at once one is ' +
        'carried out, and the others are given its answer: none is told to wait. Only 2xx answers are kept.',
    }),
})

/** Whether a route carries out a request with an idempotency key once: every write of a known caller but those of `/auth`. */
function takesKey({ method, path, security }: Pick<Definition, 'method' | 'path' | 'security'>): boolean {
  return method !== 'get' && !path.startsWith('/auth/') && security?.length !== 0
}

type Definition = RouteConfig & {
  operationId: string
  summary: string
  tags: string[]
  /** Who is let in: `guard(…)` for known callers, `publicGuard` for everybody. */
  guard: MiddlewareHandler<AppEnv>
  /** The statuses of failure that are this route's own, beside those that every route has. */
  fails?: readonly (keyof typeof ERRORS)[]
}

/**
 * Describes a route once for the router, the validators, the handler's types and the OpenAPI document. Adds what all
 * routes share, in the order in which a request is checked: guard, body, parameters; and the errors of each.
 */
export function describeRoute<const D extends Definition>(definition: D) {
  return asDescribed<D>(createRoute(withShared(definition)))
}

/** TypeScript can not see that what was added leaves the definition's own parts as they were. */
function asDescribed<D extends Definition>(route: unknown): Described<D> {
  return route as Described<D>
}

function withShared({ guard, fails = [], ...config }: Definition): RouteConfig {
  const body = config.request?.body
  const isRaw = isRawBody(body)
  const ofBody = body === undefined ? [] : isRaw ? ([411, 413, 415] as const) : ([413, 415] as const)
  const withKey = takesKey(config)
  const ofKey = withKey ? ([409, 422] as const) : []
  const statuses = [400, 401, 403, ...ofBody, ...ofKey, ...fails, 429, 500, 503] as const
  const failures = Object.fromEntries(statuses.map((status) => [status, json(ErrorBody, ERRORS[status])]))
  return {
    ...config,
    middleware: [guard, ...(READS.has(config.method.toUpperCase()) ? [] : [bodyReader(body)])],
    request: { query: NoParameters, ...(withKey && { headers: IdempotencyHeaders }), ...config.request },
    responses: { ...failures, ...config.responses },
  }
}

type Body = NonNullable<RouteConfig['request']>['body']

function isRawBody(body: Body): boolean {
  return body !== undefined && !('application/json' in body.content)
}

function bodyReader(body: Body): MiddlewareHandler<AppEnv> {
  if (body === undefined) return noBody
  return isRawBody(body) ? rawBody : jsonBody
}

/** What the handler's types are drawn from: the route's own answers, for failures are thrown. */
type Described<D extends Definition> = Pick<D, 'method' | 'path' | 'responses'> & {
  request: D extends { request: infer Request } ? Request : Record<never, never>
}

/**
 * Puts a route into the router. On a GET the handler runs beside the rate limiter's call, on what the credential
 * claims; its answer is only used once the limiter has vouched for the caller, and made anew if the role has changed, or
 * if a replica has answered somebody who has written within a minute.
 */
export function addRoute<R extends RouteConfig>(
  app: OpenAPIHono<AppEnv>,
  route: R,
  handler: RouteHandler<R, AppEnv>,
): void {
  const settled = async (...[c, next]: Parameters<RouteHandler<R, AppEnv>>) => {
    const { admission, caller: claimed } = c.var
    if (!admission) return handler(c, next)
    if (!READS.has(c.req.method)) return markReplay(c, await handler(c, next))
    const early = Promise.resolve(handler(c, next))
    early.catch(() => undefined)
    const caller = await admission
    if (c.var.wroteRecently) await early.catch(() => undefined)
    const isStale = c.var.wroteRecently === true && c.var.costs.askedReplica
    if (caller.role === claimed.role && !isStale) return early
    c.set('caller', caller)
    return handler(c, next)
  }
  app.openapi(route, asHandler<R>(settled))
}

function markReplay<Answer>(c: Context<AppEnv>, given: Answer): Answer {
  if (c.var.replayed && given instanceof Response) given.headers.set('Idempotent-Replayed', 'true')
  return given
}

/** TypeScript can not see that awaiting a handler's answer gives that handler's answer. */
function asHandler<R extends RouteConfig>(handler: unknown): RouteHandler<R, AppEnv> {
  return handler as RouteHandler<R, AppEnv>
}
