import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { randomBytes, scryptSync } from 'node:crypto'
import { createApp } from '../../src/app'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from './addresses'
import { API, call, ORIGIN, type TestResponse, toTestResponse } from './api'
import { row } from './database'
import { noteRequest } from './log-scan'

/** Unknown emails, wrong passwords and inactive users get the same response. */
export const NO_LOGIN = JSON.stringify({
  error: {
    code: 'invalid_credentials',
    message: 'The email or the password is wrong',
    details: [],
    documentation_url: `${ORIGIN}/docs/guides/errors#invalid_credentials`,
  },
})

/** A stored hash that is cheap to check, because the cost is part of it. */
export function cheapHash(password: string): string {
  const salt = randomBytes(16)
  const key = scryptSync(password.normalize('NFC'), salt, 32, { N: 16, r: 8, p: 1 })
  return ['scrypt', 16, 8, 1, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Uses an unused IP address by default. */
export function logIn(email: string, password: string, options: { address?: string; account?: string } = {}) {
  const { address = freshIpAddress(), account } = options
  return call('POST', 'auth/login', { body: { email, password, ...(account && { account }) }, address })
}

export async function storedUser(id: string) {
  const found = await row(
    select(
      {
        name: users.name,
        email: users.email,
        email_key: users.emailNormalized,
        role: users.role,
        status: users.status,
        password_hash: users.passwordHash,
        credential_generation: users.tokenVersion,
        last_login_at: users.lastLoginAt,
      },
      sql`FROM ${users} WHERE ${users.id} = ${id}`,
    ),
  )
  if (!found) throw new Error(`no user ${id}`)
  return found
}

/** 200 for a valid token, 401 for a revoked one. */
export async function readStatuses(...tokens: string[]): Promise<number[]> {
  const requests = tokens.map((token) => call('GET', 'users/me', { token, address: freshIpAddress() }))
  return (await Promise.all(requests)).map((result) => result.status)
}

/** Sends a body to a Worker with other variables than those of the tests. */
export async function post(
  variables: Record<string, string>,
  path: string,
  body: unknown,
  address = freshIpAddress(),
): Promise<TestResponse> {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}${API}/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': address },
    body: JSON.stringify(body),
  })
  noteRequest(request.url, request.headers, body)
  const response = await createApp().fetch(request, { ...env, ...variables }, context)
  await waitOnExecutionContext(context)
  return toTestResponse('POST', request.url, response)
}
