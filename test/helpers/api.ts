import { env } from 'cloudflare:workers'
import { issueToken } from '../../src/access/tokens'
import { configOf } from '../../src/core/config'
import type { Role } from '../../src/core/policy'
import { accountCounters, accounts, loginIdentities, users } from '../../src/db/schema/accounts'
import { insertSelect } from '../../src/db/write'
import { foldText } from '../../src/lib/fold-text'
import { newId } from '../../src/lib/ids'
import { prepare } from './database'
import { direct, type Route } from './edge'
import { expectDocumented } from './expect-documented'
import { noteBody, noteRequest } from './log-scan'

export const ORIGIN = 'http://localhost:3000'
export const API = '/api/v1'

export interface TestResponse {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape, and each is checked against its schema
  body: any
  /** Of an error without its `request_id`, so that tests can compare bodies that must be alike. */
  text: string
}

export interface CallOptions {
  token?: string | undefined
  headers?: Record<string, string>
  /** Sent as JSON, except for strings and bytes. */
  body?: unknown
  address?: string
  /** Directly by default. */
  route?: Route
}

/** Sends a request to the Worker and checks the response against the OpenAPI document. */
export async function call(method: string, path: string, options: CallOptions = {}): Promise<TestResponse> {
  const request = requestOf(method, path, options)
  return toTestResponse(method, request.url, await (options.route ?? direct)(request))
}

export function requestOf(method: string, path: string, options: CallOptions = {}): Request {
  const headers = new Headers(options.headers)
  if (options.token) headers.set('Authorization', `Bearer ${options.token}`)
  headers.set('CF-Connecting-IP', options.address ?? '192.0.2.1')
  const raw = options.body
  const isStream = raw instanceof ReadableStream
  const sent = isStream || typeof raw === 'string' || raw instanceof Uint8Array ? raw : JSON.stringify(raw)
  if (raw !== undefined && !headers.has('Content-Type')) headers.set('Content-Type', 'application/json')
  // Like every client that knows the length.
  if (raw !== undefined && !isStream && !headers.has('Content-Length'))
    headers.set('Content-Length', String(Buffer.byteLength(sent)))
  const url = path.startsWith('http') ? path : `${ORIGIN}${path.startsWith('/') ? path : `${API}/${path}`}`
  noteRequest(url, headers, raw)
  return new Request(url, { method, headers, redirect: 'manual', ...(sent !== undefined && { body: sent }) })
}

/** Checks the response against the OpenAPI document. */
export async function toTestResponse(method: string, url: string, response: Response): Promise<TestResponse> {
  const { status, headers } = response
  // `text()` would log a warning for binary media types.
  const text = new TextDecoder().decode(await response.arrayBuffer())
  const isJson = headers.get('Content-Type')?.startsWith('application/json') && text !== ''
  const result = { status, headers, body: isJson ? JSON.parse(text) : text, text: withoutRequestId(text, headers) }
  noteBody(result.body)
  expectDocumented(method, url, result)
  return result
}

/** `expectDocumented` checks that the ID is that of the header. */
export function withoutRequestId(text: string, headers: Headers): string {
  return text.replace(new RegExp(`,"request_id":"${headers.get('X-Request-Id')}"(?=}}$)`), '')
}

export interface Member {
  id: string
  name: string
  email: string
  role: Role
  token: string
}

export interface Account {
  id: string
  slug: string
  admin: Member
  agent: Member
  customer: Member
  /** A second customer, without access to the first one's tickets. */
  stranger: Member
}

/** Premium by default, with a limit of 300 requests a minute. */
export async function createTestAccount(plan: 'standard' | 'premium' = 'premium'): Promise<Account> {
  const id = newId('acct', Date.now())
  const slug = id.replaceAll('_', '-')
  await env.DB.batch([
    prepare(insertSelect(accounts, { id, slug, name: slug, plan, allowRegistration: 0, createdAt: Date.now() })),
    prepare(insertSelect(accountCounters, { accountId: id, ticketNumber: 0, eventSequence: 0 })),
  ])
  return {
    id,
    slug,
    admin: await createTestMember(id, 'admin', { name: 'Admin' }),
    agent: await createTestMember(id, 'agent', { name: 'Agent' }),
    customer: await createTestMember(id, 'customer', { name: 'Customer' }),
    stranger: await createTestMember(id, 'customer', { name: 'Stranger' }),
  }
}

export interface MemberOptions {
  name?: string
  email?: string
  status?: 'active' | 'inactive'
  passwordHash?: string
}

export async function createTestMember(accountId: string, role: Role, options: MemberOptions = {}): Promise<Member> {
  const id = newId('user', Date.now())
  const name = options.name ?? 'Somebody'
  const email = options.email ?? `${id}@example.com`
  await env.DB.batch([
    prepare(
      insertSelect(users, {
        accountId,
        id,
        kind: 'person',
        name,
        email,
        emailNormalized: email.toLowerCase(),
        emailVerified: 1,
        role,
        status: options.status ?? 'active',
        passwordHash: options.passwordHash ?? null,
        tokenVersion: 1,
        createdAt: Date.now(),
        foldedName: foldText(name),
        foldedEmail: foldText(email),
      }),
    ),
    prepare(
      insertSelect(loginIdentities, {
        emailNormalized: email.toLowerCase(),
        accountId,
        userId: id,
        claimedAt: Date.now(),
        canLogIn: options.passwordHash && options.status !== 'inactive' ? 1 : 0,
      }),
    ),
  ])
  return { id, name, email, role, token: await createTestToken(accountId, id, role) }
}

export async function createTestToken(
  accountId: string,
  userId: string,
  role: Role,
  tokenVersion = 1,
): Promise<string> {
  const member = { sub: userId, acc: accountId, role, gen: tokenVersion }
  return (await issueToken(member, configOf(env).keys.tokens, Date.now(), 3_600)).token
}

export async function createTicket(by: Member, input: Record<string, unknown> = {}) {
  const result = await call('POST', 'tickets', {
    token: by.token,
    body: { title: 'A title', description: 'A text', ...input },
  })
  if (result.status !== 201) throw new Error(`no ticket: ${result.text}`)
  return result.body.data
}
