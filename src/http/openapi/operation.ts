import type { RouteConfig } from '@hono/zod-openapi'
import type { Role } from '../../core/policy'
import {
  type DocumentedError,
  type DocumentedStatus,
  ERROR_RESPONSES,
  errorResponseOf,
  errorResponseRef,
  type RateHeaders,
} from './error-responses'
import type { AccessPolicy, Guard } from './guard'
import { ALWAYS, type HeaderName, headerRefs, RATE } from './headers'
import { type ParameterName, parameterRefs } from './parameters'

export interface RouteMetadata {
  guard: Guard
  /** In addition to those that follow from the guard and the body. */
  errors: readonly (DocumentedStatus | DocumentedError)[]
  body: 'none' | 'json' | 'raw'
  acceptsIdempotencyKey: boolean
  isRead: boolean
  description?: string | undefined
  responses: RouteConfig['responses']
}

const METADATA = Symbol('route metadata')

/** For `documented`; the router ignores it. */
export function withMetadata<R extends RouteConfig>(route: R, metadata: RouteMetadata): R {
  return { ...route, [METADATA]: metadata }
}

/** The route with the description, security, headers and error responses that follow from its metadata. */
export function documented(route: RouteConfig): RouteConfig {
  return METADATA in route ? { ...route, ...operationOf(route[METADATA] as RouteMetadata) } : route
}

function operationOf(metadata: RouteMetadata) {
  const { description, guard, responses } = metadata
  const statuses = Object.keys(responses).map(Number)
  const errors = errorResponsesOf(metadata)
  return {
    description: [description, callersOf(guard.policy)].filter(Boolean).join('\n\n'),
    security: securityOf(guard.policy),
    parameters: parameterRefs(parametersOf(metadata, [...statuses, ...errors.keys()])),
    responses: { ...Object.fromEntries(errors), ...withHeaders(metadata) },
  }
}

type ErrorResponseObject = ReturnType<typeof errorResponseRef> | ReturnType<typeof errorResponseOf>

const NAMES: Record<Role, string> = { admin: 'admins', agent: 'agents', customer: 'customers' }

function callersOf(policy: AccessPolicy): string {
  if (policy === 'everybody') return 'No credential needed.'
  const roles = policy.roles.map((role) => NAMES[role])
  const all = [...roles.slice(0, -2), roles.slice(-2).join(' and ')].join(', ')
  return policy.apiKeys ? `For ${all}.` : `For ${all}, not for API keys.`
}

function securityOf(policy: AccessPolicy): Record<string, string[]>[] {
  if (policy === 'everybody') return []
  return policy.apiKeys ? [{ bearerToken: [] }, { bearerApiKey: [] }, { apiKeyHeader: [] }] : [{ bearerToken: [] }]
}

function parametersOf({ guard, isRead }: RouteMetadata, statuses: number[]): ParameterName[] {
  return [
    ...(guard.policy !== 'everybody' && isRead ? (['X-D1-Bookmark'] as const) : []),
    ...(statuses.includes(412) ? (['If-Match'] as const) : []),
    ...(statuses.includes(304) ? (['If-None-Match'] as const) : []),
    ...(statuses.includes(206) ? (['Range', 'If-Range'] as const) : []),
    'X-Request-Id',
  ]
}

function withHeaders({ guard, responses, acceptsIdempotencyKey }: RouteMetadata): RouteConfig['responses'] {
  const names: HeaderName[] = [...ALWAYS, ...(guard.isCounted ? RATE : []), 'X-D1-Bookmark']
  if (acceptsIdempotencyKey) names.push('Idempotent-Replayed')
  const shared = headerRefs(names)
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) =>
      '$ref' in response ? [status, response] : [status, { ...response, headers: { ...response.headers, ...shared } }],
    ),
  )
}

function errorResponsesOf(metadata: RouteMetadata): Map<number, ErrorResponseObject> {
  const { errors, guard } = metadata
  const statuses = new Set<DocumentedStatus>(sharedStatuses(metadata))
  const examples = new Map<DocumentedStatus, DocumentedError[]>()
  for (const error of errors) {
    const status = typeof error === 'number' ? error : (error.error().status as DocumentedStatus)
    if (typeof error === 'number') statuses.add(status)
    else examples.set(status, [...(examples.get(status) ?? []), error])
  }
  const all = Object.keys(ERROR_RESPONSES)
    .map((status) => Number(status) as DocumentedStatus)
    .filter((status) => statuses.has(status) || examples.has(status))
  return new Map(
    all.map((status): [number, ErrorResponseObject] => {
      const own = examples.get(status)
      const isShared = statuses.has(status)
      if (!own && guard.isCounted) return [status, errorResponseRef(status)]
      return [status, errorResponseOf(status, own ?? [], isShared, rateHeadersOf(status, guard, own !== undefined))]
    }),
  )
}

/** A route that counts only rejected requests may reach another limit too, whose 429 has no such headers. */
function rateHeadersOf(status: number, { isCounted }: RouteMetadata['guard'], hasOwn: boolean): RateHeaders {
  if (!isCounted && !hasOwn) return 'never'
  return !isCounted && status === 429 ? 'sometimes' : 'always'
}

/** What follows from the guard, the body and the idempotency key. */
function sharedStatuses({ guard, body, isRead, acceptsIdempotencyKey }: RouteMetadata): DocumentedStatus[] {
  const { policy, isCounted } = guard
  const authentication: DocumentedStatus[] = policy === 'everybody' ? [] : [401]
  if (policy !== 'everybody' && (!policy.apiKeys || policy.roles.length < Object.keys(NAMES).length))
    authentication.push(403)
  return [
    ...(isCounted ? ([400, 429] as const) : []),
    ...authentication,
    ...(isRead || body === 'raw' ? [] : ([408] as const)),
    ...(body === 'none' ? [] : ([413, 415] as const)),
    ...(body === 'raw' ? ([411] as const) : []),
    ...(acceptsIdempotencyKey ? ([409, 422] as const) : []),
    500,
    503,
  ]
}
