import { ROLES, type Role } from '../../src/core/policy'
import { type NamedOperation, OPERATIONS, openapi, resolved } from './openapi'

export interface ApiOperation extends NamedOperation {
  /** Such as `PATCH /tickets/{ticket_id}`. */
  name: string
  isPublic: boolean
  hasBody: boolean
  acceptsIdempotencyKey: boolean
  successStatus: number
  pathIds: string[]
}

interface AccessPolicy {
  /** Null for a public operation. */
  roles: Role[] | null
  apiKeys: boolean
}

/**
 * Operations below the version prefixes, from the committed document. test/docs/openapi.test.ts compares it with the
 * served one, so that a changed route does not change what other tests expect.
 */
export const API_OPERATIONS: ApiOperation[] = OPERATIONS.filter(({ path }) => !isAtRoot(path)).map((operation) => ({
  ...operation,
  name: `${operation.method} ${operation.path}`,
  isPublic: operation.security.length === 0,
  hasBody: operation.requestBody !== undefined,
  acceptsIdempotencyKey: operation.parameters.some(
    (part) => resolved<{ name: string }>(part).name === 'Idempotency-Key',
  ),
  successStatus: successStatusOf(operation),
  pathIds: [...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name),
}))

/** Operations that change something and need a credential. */
export const CALLER_WRITES = API_OPERATIONS.filter(({ method, isPublic }) => method !== 'GET' && !isPublic)

/** For `it.each`. */
export function byName(operations: ApiOperation[]): [name: string, operation: ApiOperation][] {
  return operations.map((operation) => [operation.name, operation])
}

export function byId(operations: ApiOperation[]): [operationId: string, operation: ApiOperation][] {
  return operations.map((operation) => [operation.operationId, operation])
}

export function operationOf(operationId: string): ApiOperation {
  const found = API_OPERATIONS.find((operation) => operation.operationId === operationId)
  if (!found) throw new Error(`openapi.json has no operation ${operationId}`)
  return found
}

/** Parsed from the last line of the description. */
export function accessOf({ operationId, description = '' }: NamedOperation): AccessPolicy {
  const last = description.split('\n').at(-1) ?? ''
  if (last === 'No credential needed.') return { roles: null, apiKeys: true }
  const [, list = '', usersOnly] = /^For ([a-z, ]+?)(, not for API keys)?\.$/.exec(last) ?? []
  const named = list.split(/, | and /).map((role) => role.replace(/s$/, ''))
  const roles = ROLES.filter((role) => named.includes(role))
  if (roles.length === 0 || roles.length !== named.length)
    throw new Error(`The description of ${operationId} in openapi.json does not end with the roles that may call it`)
  return { roles, apiKeys: usersOnly === undefined }
}

function isAtRoot(path: string): boolean {
  return 'servers' in (openapi.paths[path] ?? {})
}

function successStatusOf({ operationId, responses }: NamedOperation): number {
  const [status, ...others] = Object.keys(responses)
    .map(Number)
    .filter((code) => code < 300)
  if (status === undefined || others.length > 0)
    throw new Error(`${operationId} must document one successful response in openapi.json`)
  return status
}
