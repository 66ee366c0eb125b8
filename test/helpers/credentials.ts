import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import type { DatabaseUnavailable } from '../../src/access/call-durable-object'
import type { RateLimiter } from '../../src/access/durable-objects/rate-limiter'
import { createApp } from '../../src/app'
import type { Bindings } from '../../src/core/config'
import type { Claim } from '../../src/core/credential'
import { type Account, API, call, type Member, ORIGIN, type TestResponse, toTestResponse } from './api'
import { noteRequest } from './log-scan'
import { callAs } from './tickets'

export interface Key {
  id: string
  key: string
}

/** For calls of the member's Durable Object without a request. */
export function tokenClaim(account: { id: string }, member: { id: string }, tokenVersion = 1): Claim {
  return { kind: 'token', accountId: account.id, memberId: member.id, tokenVersion, tokenId: 'of-the-tests' }
}

/** Has a Durable Object verify and count a request. Throws if D1 is unavailable. */
export async function admit(
  object: Pick<ReturnType<typeof objectOf>, 'verifyAndCount'>,
  ...args: Parameters<RateLimiter['verifyAndCount']>
): Promise<Exclude<Awaited<ReturnType<RateLimiter['verifyAndCount']>>, DatabaseUnavailable>> {
  const admission = await object.verifyAndCount(...args)
  if ('failure' in admission) throw new Error(admission.stack)
  return admission
}

/** The Durable Object of a person. */
export function objectOf(account: { id: string }, member: { id: string }) {
  return env.RATE_LIMITER.getByName(`member:${account.id}/${member.id}`)
}

export function objectOfKey(id: string) {
  return env.RATE_LIMITER.getByName(`key:${id}`)
}

export async function createTestKey(account: Account, input: Record<string, unknown> = {}): Promise<Key> {
  const result = await callAs(account.admin, 'POST', 'api-keys', { name: 'A key', ...input })
  expect(result.status, result.text).toBe(201)
  return result.body.data
}

/** Failed requests are counted on `address`. */
export async function statusOf(token: string, address: string, path = 'tickets?per_page=1'): Promise<number> {
  return (await call('GET', path, { token, address })).status
}

/** Records the names of the callers' Durable Objects that are called from now on, until the mocks are restored. */
export function watchObjects(): string[] {
  const calledNames: string[] = []
  const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
  vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((name) => {
    calledNames.push(name)
    return original(name)
  })
  return calledNames
}

/** Sends a request to a service with other variables than those of the tests. */
export async function callWith(
  variables: Partial<Bindings>,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<TestResponse> {
  const ctx = createExecutionContext()
  const headers = new Headers({ 'CF-Connecting-IP': '192.0.2.2', 'Content-Type': 'application/json' })
  if (token) headers.set('Authorization', `Bearer ${token}`)
  const url = path.startsWith('http') ? path : `${ORIGIN}${API}/${path}`
  const request = new Request(url, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  noteRequest(request.url, headers, body)
  const response = await createApp().fetch(request, { ...env, ...variables }, ctx)
  const result = await toTestResponse(method, url, response)
  await waitOnExecutionContext(ctx)
  return result
}

/** Loads the member into its Durable Object's cache. */
export function warmUp(by: Member): Promise<TestResponse> {
  return callAs(by, 'GET', 'tickets?per_page=1')
}

/**
 * Stops the clock half-way through the next minute, so that no minute ends within a test and no token is from the
 * future.
 */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.ceil(Date.now() / 60_000) * 60_000 + 30_000)
}

export function advanceClock(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}
