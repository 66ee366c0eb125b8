import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { randomBytes, scryptSync } from 'node:crypto'
import { createApp } from '../../src/app'
import { freshAddress } from './addresses'
import { type Answer, API, answerOf, call, ORIGIN, row } from './api'
import { noteRequest } from './log-scan'

/** What a body of an error holds for an unknown e-mail, a wrong password and everybody else who may not log in. */
export const NO_LOGIN =
  '{"error":{"code":"invalid_credentials","message":"The e-mail or the password is wrong","details":[]}}'

/** A stored hash that costs next to nothing to check, for the cost is stored with it; for tests with many logins. */
export function cheapHash(password: string): string {
  const salt = randomBytes(16)
  const key = scryptSync(password.normalize('NFC'), salt, 32, { N: 16, r: 8, p: 1 })
  return ['scrypt', 16, 8, 1, salt.toString('base64url'), key.toString('base64url')].join('$')
}

/** Tries to log in, from an address of its own unless one is named. */
export function logIn(email: string, password: string, options: { address?: string; account?: string } = {}) {
  const { address = freshAddress(), account } = options
  return call('POST', 'auth/login', { body: { email, password, ...(account && { account }) }, address })
}

/** What is stored of a member, for what no answer shows. */
export async function storedUser(id: string) {
  const found = await row<{
    name: string
    email: string
    email_key: string
    role: string
    status: string
    password_hash: string | null
    credential_generation: number
    last_login_at: number | null
  }>('SELECT * FROM users WHERE id = ?', id)
  if (!found) throw new Error(`no user ${id}`)
  return found
}

/** The statuses of a read under each token, in order: what tells the living from the dead. */
export async function liveness(...tokens: string[]): Promise<number[]> {
  const asked = tokens.map((token) => call('GET', 'users/me', { token, address: freshAddress() }))
  return (await Promise.all(asked)).map((answer) => answer.status)
}

/** Sends a body through a Worker of its own, whose variables differ from those of the other tests. */
export async function post(
  variables: Record<string, string>,
  path: string,
  body: unknown,
  address = freshAddress(),
): Promise<Answer> {
  const context = createExecutionContext()
  const request = new Request(`${ORIGIN}${API}/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'CF-Connecting-IP': address },
    body: JSON.stringify(body),
  })
  noteRequest(request.url, request.headers, body)
  const response = await createApp().fetch(request, { ...env, ...variables }, context)
  await waitOnExecutionContext(context)
  return answerOf('POST', request.url, response)
}
