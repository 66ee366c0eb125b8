import type { Role } from '../../src/core/policy'
import { type NamedOperation, openapi } from '../../test/helpers/openapi'
import { accessOf } from '../../test/helpers/operations'

/** Who sends a request: members of an account, of another one, programs, and those who are nobody. */
export const ACTORS = [
  ...(['admin', 'agent', 'customer', 'stranger', 'other admin', 'other customer'] as const),
  ...(['admin key', 'agent key', 'agent key by header'] as const),
  ...(['nobody', 'garbage', 'forged', 'expired', 'no such member', 'dead key', 'mistyped key'] as const),
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

/** A request that is not sent yet, in which `__names__` stand for what a world holds: see `World.resolve`. */
export interface Draft {
  by: Actor
  method: string
  /** As it is sent, with its prefix, but for names. */
  path: string
  query: [name: string, value: string][]
  headers: Record<string, string>
  /** Of several things of each kind, the ones that are meant. */
  set: number
  /** Sent as JSON. */
  json?: unknown
  /** Sent as it is. */
  text?: string
  /** Sent as they are. */
  bytes?: number[]
}

/** The role of an actor, or undefined for those who are nobody. */
export function roleOf(actor: Actor): Role | undefined {
  return ROLES[actor]
}

/** The status with which an actor is refused whatever it asks of an operation; null for one who is let in. */
export function refusalOf(operation: NamedOperation, actor: Actor): 401 | 403 | null {
  const { roles, apiKeys } = accessOf(operation)
  if (roles === null) return null
  const role = roleOf(actor)
  if (role === undefined) return 401
  return roles.includes(role) && (apiKeys || !actor.includes('key')) ? null : 403
}

/** A draft as one can send it by hand: credentials are named, not shown. */
export function curlOf({ by, method, path, query, headers, json, text, bytes }: Draft): string {
  const parameters = query.map((pair) => pair.map(percent).join('=')).join('&')
  const url = `http://localhost:3000${path}${parameters && '?'}${parameters}`
  const credential = by === 'nobody' ? [] : [`-H ${quoted(`Authorization: Bearer <${by}>`)}`]
  const named = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)
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
    ...named,
    ...type,
    ...(data ? [`--data-binary ${data}`] : []),
  ].join(' ')
}

/** As `encodeURIComponent`, for every text: what is left of a broken one is U+FFFD. */
export function percent(text: string): string {
  return encodeURIComponent(text.toWellFormed())
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** `PATCH /tickets/{ticket_id}` */
export function nameOf({ method, path }: NamedOperation): string {
  return `${method} ${path}`
}

/** Where an operation answers: below the prefix, or at the root. */
export function addressOf({ path }: NamedOperation): string {
  return 'servers' in (openapi.paths[path] ?? {}) ? path : `/api/v1${path}`
}
