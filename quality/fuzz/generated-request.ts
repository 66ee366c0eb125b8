import type { Role } from '../../src/core/policy'
import { type NamedOperation, openapi } from '../../test/helpers/openapi'
import { accessOf } from '../../test/helpers/operations'

export const ACTORS = [
  ...(['admin', 'agent', 'customer', 'stranger', 'other admin', 'other customer'] as const),
  ...(['admin key', 'agent key', 'agent key by header'] as const),
  ...(['anonymous', 'garbage', 'forged', 'expired', 'no such member', 'revoked key', 'mistyped key'] as const),
] as const
export type Actor = (typeof ACTORS)[number]

const ROLES: Partial<Record<Actor, Role>> = {
  admin: 'admin',
  agent: 'agent',
  customer: 'customer',
  stranger: 'customer',
  'other admin': 'admin',
  'other customer': 'customer',
  'admin key': 'admin',
  'agent key': 'agent',
  'agent key by header': 'agent',
}

/** A request whose `__names__` the fixture replaces: see `Fixture.resolve`. */
export interface GeneratedRequest {
  actor: Actor
  method: string
  path: string
  query: [name: string, value: string][]
  headers: Record<string, string>
  /** Selects among the resources of each kind. */
  set: number
  /** Sent as JSON; `text` and `bytes` are sent unchanged. */
  json?: unknown
  text?: string
  bytes?: number[]
}

/** Undefined for actors without a valid credential. */
export function roleOf(actor: Actor): Role | undefined {
  return ROLES[actor]
}

/** The status that the actor gets whatever the request contains, or null if the actor has access. */
export function rejectionStatus(operation: NamedOperation, actor: Actor): 401 | 403 | null {
  const { roles, apiKeys } = accessOf(operation)
  if (roles === null) return null
  const role = roleOf(actor)
  if (role === undefined) return 401
  return roles.includes(role) && (apiKeys || !actor.includes('key')) ? null : 403
}

/** Shows the names of credentials instead of their values. */
export function curlOf({ actor, method, path, query, headers, json, text, bytes }: GeneratedRequest): string {
  const parameters = query.map((pair) => pair.map(percent).join('=')).join('&')
  const url = `http://localhost:3000${path}${parameters && '?'}${parameters}`
  const credential = actor === 'anonymous' ? [] : [`-H ${quoted(`Authorization: Bearer <${actor}>`)}`]
  const headerOptions = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
  const type = json === undefined || 'Content-Type' in headers ? [] : ["-H 'Content-Type: application/json'"]
  const data = bytes
    ? `$'${bytes.map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}'`
    : json !== undefined
      ? quoted(JSON.stringify(json))
      : text !== undefined && quoted(text)
  return [
    'curl',
    '-X',
    method,
    quoted(url),
    ...credential,
    ...headerOptions,
    ...type,
    ...(data ? [`--data-binary ${data}`] : []),
  ].join(' ')
}

/** Like `encodeURIComponent`, but replaces lone surrogates. */
export function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

export function nameOf({ method, path }: NamedOperation): string {
  return `${method} ${path}`
}

export function fullPath({ path }: NamedOperation): string {
  return 'servers' in (openapi.paths[path] ?? {}) ? path : `/api/v1${path}`
}
