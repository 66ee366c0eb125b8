import type { RouteConfig } from '@hono/zod-openapi'
import type { Role } from '../../core/policy'
import { FAILURES, type FailureStatus, failureOf, failureRef, type Refusal } from './error-responses'
import type { Admitted, Guard } from './guard'
import { ALWAYS, type HeaderName, headerRefs, RATE } from './headers'
import { type ParameterName, parameterRefs } from './parameters'

/** What an operation says of itself. */
export interface OperationFacts {
  guard: Guard
  /** The failures that are its own, beside those that follow from its guard and its body. */
  fails: readonly (FailureStatus | Refusal)[]
  body: 'none' | 'json' | 'raw'
  takesKey: boolean
  reads: boolean
  description?: string | undefined
  responses: RouteConfig['responses']
}

const FACTS = Symbol('what a route says of itself')

/** A route that carries what it says of itself, for `documented`: the router has no use for it. */
export function withFacts<R extends RouteConfig>(route: R, facts: OperationFacts): R {
  return { ...route, [FACTS]: facts }
}

/** A route as the document tells of it: who may call it, its headers, and its failures follow from what it says of itself. */
export function documented(route: RouteConfig): RouteConfig {
  return FACTS in route ? { ...route, ...operationOf(route[FACTS] as OperationFacts) } : route
}

function operationOf(facts: OperationFacts) {
  const statuses = Object.keys(facts.responses).map(Number)
  const failures = failuresOf(facts)
  return {
    description: [facts.description, callersOf(facts.guard.admits)].filter(Boolean).join('\n\n'),
    security: securityOf(facts.guard.admits),
    parameters: parameterRefs(parametersOf(facts, [...statuses, ...failures.keys()])),
    responses: { ...Object.fromEntries(failures), ...withHeaders(facts) },
  }
}

type FailureResponse = ReturnType<typeof failureRef> | ReturnType<typeof failureOf>

const NAMES: Record<Role, string> = { admin: 'admins', agent: 'agents', customer: 'customers' }

function callersOf(admits: Admitted): string {
  if (admits === 'everybody') return 'Needs no credential.'
  const roles = admits.roles.map((role) => NAMES[role])
  const all = [...roles.slice(0, -2), roles.slice(-2).join(' and ')].join(', ')
  return admits.apiKeys ? `For ${all}.` : `For ${all} who are people: API keys may not.`
}

/** Any one of the credentials that the guard takes. */
function securityOf(admits: Admitted): Record<string, string[]>[] {
  if (admits === 'everybody') return []
  return admits.apiKeys ? [{ bearerToken: [] }, { bearerApiKey: [] }, { apiKeyHeader: [] }] : [{ bearerToken: [] }]
}

function parametersOf({ guard, reads }: OperationFacts, statuses: number[]): ParameterName[] {
  return [
    ...(guard.admits !== 'everybody' && reads ? (['X-D1-Bookmark'] as const) : []),
    ...(statuses.includes(412) ? (['If-Match'] as const) : []),
    ...(statuses.includes(304) ? (['If-None-Match'] as const) : []),
    ...(statuses.includes(206) ? (['Range', 'If-Range'] as const) : []),
    'X-Request-Id',
  ]
}

function withHeaders({ guard, responses, takesKey }: OperationFacts): RouteConfig['responses'] {
  const names: HeaderName[] = [...ALWAYS, ...(guard.counts ? RATE : []), 'X-D1-Bookmark']
  if (takesKey) names.push('Idempotent-Replayed')
  const shared = headerRefs(names)
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) =>
      '$ref' in response ? [status, response] : [status, { ...response, headers: { ...response.headers, ...shared } }],
    ),
  )
}

function failuresOf(facts: OperationFacts): Map<number, FailureResponse> {
  const statuses = new Set<FailureStatus>(sharedStatuses(facts))
  const refusals = new Map<FailureStatus, Refusal[]>()
  for (const failure of facts.fails) {
    const status = typeof failure === 'number' ? failure : (failure.error().status as FailureStatus)
    if (typeof failure === 'number') statuses.add(status)
    else refusals.set(status, [...(refusals.get(status) ?? []), failure])
  }
  const all = Object.keys(FAILURES)
    .map((status) => Number(status) as FailureStatus)
    .filter((status) => statuses.has(status) || refusals.has(status))
  return new Map(
    all.map((status): [number, FailureResponse] => {
      const own = refusals.get(status)
      const isShared = statuses.has(status)
      if (!own && facts.guard.counts) return [status, failureRef(status)]
      return [status, failureOf(status, own ?? [], isShared, facts.guard.counts || own !== undefined)]
    }),
  )
}

/** What follows from the guard, the body and the idempotency key. */
function sharedStatuses({ guard, body, reads, takesKey }: OperationFacts): FailureStatus[] {
  const { admits, counts } = guard
  const known: FailureStatus[] = admits === 'everybody' ? [] : [401]
  if (admits !== 'everybody' && (!admits.apiKeys || admits.roles.length < Object.keys(NAMES).length)) known.push(403)
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
