import type { RouteConfig } from '@hono/zod-openapi'
import type { Role } from '../../core/policy'
import {
  type DocumentedError,
  type DocumentedStatus,
  ERROR_RESPONSES,
  errorResponseOf,
  errorResponseRef,
} from './error-responses'
import type { AccessPolicy, Guard } from './guard'
import { ALWAYS, type HeaderName, headerRefs, RATE } from './headers'
import { type ParameterName, parameterRefs } from './parameters'

/** What an operation says of itself. */
export interface RouteMetadata {
  guard: Guard
  /** The failures that are its own, beside those that follow from its guard and its body. */
  errors: readonly (DocumentedStatus | DocumentedError)[]
  body: 'none' | 'json' | 'raw'
  takesKey: boolean
  reads: boolean
  description?: string | undefined
  responses: RouteConfig['responses']
}

const METADATA = Symbol('what a route says of itself')

/** A route that carries what it says of itself, for `documented`: the router has no use for it. */
export function withMetadata<R extends RouteConfig>(route: R, facts: RouteMetadata): R {
  return { ...route, [METADATA]: facts }
}

/** A route as the document tells of it: who may call it, its headers, and its failures follow from what it says of itself. */
export function documented(route: RouteConfig): RouteConfig {
  return METADATA in route ? { ...route, ...operationOf(route[METADATA] as RouteMetadata) } : route
}

function operationOf(facts: RouteMetadata) {
  const statuses = Object.keys(facts.responses).map(Number)
  const failures = errorResponsesOf(facts)
  return {
    description: [facts.description, callersOf(facts.guard.policy)].filter(Boolean).join('\n\n'),
    security: securityOf(facts.guard.policy),
    parameters: parameterRefs(parametersOf(facts, [...statuses, ...failures.keys()])),
    responses: { ...Object.fromEntries(failures), ...withHeaders(facts) },
  }
}

type ErrorResponseObject = ReturnType<typeof errorResponseRef> | ReturnType<typeof errorResponseOf>

const NAMES: Record<Role, string> = { admin: 'admins', agent: 'agents', customer: 'customers' }

function callersOf(admits: AccessPolicy): string {
  if (admits === 'everybody') return 'Needs no credential.'
  const roles = admits.roles.map((role) => NAMES[role])
  const all = [...roles.slice(0, -2), roles.slice(-2).join(' and ')].join(', ')
  return admits.apiKeys ? `For ${all}.` : `For ${all} who are people: API keys may not.`
}

/** Any one of the credentials that the guard takes. */
function securityOf(admits: AccessPolicy): Record<string, string[]>[] {
  if (admits === 'everybody') return []
  return admits.apiKeys ? [{ bearerToken: [] }, { bearerApiKey: [] }, { apiKeyHeader: [] }] : [{ bearerToken: [] }]
}

function parametersOf({ guard, reads }: RouteMetadata, statuses: number[]): ParameterName[] {
  return [
    ...(guard.policy !== 'everybody' && reads ? (['X-D1-Bookmark'] as const) : []),
    ...(statuses.includes(412) ? (['If-Match'] as const) : []),
    ...(statuses.includes(304) ? (['If-None-Match'] as const) : []),
    ...(statuses.includes(206) ? (['Range', 'If-Range'] as const) : []),
    'X-Request-Id',
  ]
}

function withHeaders({ guard, responses, takesKey }: RouteMetadata): RouteConfig['responses'] {
  const names: HeaderName[] = [...ALWAYS, ...(guard.counts ? RATE : []), 'X-D1-Bookmark']
  if (takesKey) names.push('Idempotent-Replayed')
  const shared = headerRefs(names)
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) =>
      '$ref' in response ? [status, response] : [status, { ...response, headers: { ...response.headers, ...shared } }],
    ),
  )
}

function errorResponsesOf(facts: RouteMetadata): Map<number, ErrorResponseObject> {
  const statuses = new Set<DocumentedStatus>(sharedStatuses(facts))
  const refusals = new Map<DocumentedStatus, DocumentedError[]>()
  for (const failure of facts.errors) {
    const status = typeof failure === 'number' ? failure : (failure.error().status as DocumentedStatus)
    if (typeof failure === 'number') statuses.add(status)
    else refusals.set(status, [...(refusals.get(status) ?? []), failure])
  }
  const all = Object.keys(ERROR_RESPONSES)
    .map((status) => Number(status) as DocumentedStatus)
    .filter((status) => statuses.has(status) || refusals.has(status))
  return new Map(
    all.map((status): [number, ErrorResponseObject] => {
      const own = refusals.get(status)
      const isShared = statuses.has(status)
      if (!own && facts.guard.counts) return [status, errorResponseRef(status)]
      return [status, errorResponseOf(status, own ?? [], isShared, facts.guard.counts || own !== undefined)]
    }),
  )
}

/** What follows from the guard, the body and the idempotency key. */
function sharedStatuses({ guard, body, reads, takesKey }: RouteMetadata): DocumentedStatus[] {
  const { policy, counts } = guard
  const known: DocumentedStatus[] = policy === 'everybody' ? [] : [401]
  if (policy !== 'everybody' && (!policy.apiKeys || policy.roles.length < Object.keys(NAMES).length)) known.push(403)
  return [
    ...(counts ? ([400, 429] as const) : []),
    ...known,
    ...(reads || body === 'raw' ? [] : ([408] as const)),
    ...(body === 'none' ? [] : ([413, 415] as const)),
    ...(body === 'raw' ? ([411] as const) : []),
    ...(takesKey ? ([409, 422] as const) : []),
    500,
    503,
  ]
}
