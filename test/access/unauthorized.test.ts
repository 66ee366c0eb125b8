import { env } from 'cloudflare:workers'
import { sign } from 'hono/jwt'
import { beforeAll, describe, expect, it } from 'vitest'
import { generateKey } from '../../src/access/api-key-format'
import { issueToken } from '../../src/access/tokens'
import { configOf } from '../../src/core/config'
import { apiKeys } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { newId } from '../../src/lib/ids'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { execute } from '../helpers/database'
import { callAs } from '../helpers/tickets'

const PLAIN = 'Bearer realm="ticketing-api"'
const REQUIRED = 'Authentication required: send Authorization: Bearer <token or API key>'
const SCHEME = 'The Authorization header must start with "Bearer "'
const MALFORMED = 'The token is malformed or truncated'
const INVALID = 'The token is not valid'
const EXPIRED = 'The token has expired; log in again'
const REVOKED = 'The token was revoked; log in again'
const BROKEN_KEY = 'The API key is malformed or truncated'
const INVALID_KEY = 'The API key is not valid'
const WRONG_HEADER = 'X-API-Key takes an API key; send a token as Authorization: Bearer <token>'

const invalidToken = (message: string) => `${PLAIN}, error="invalid_token", error_description="${message}"`

let account: Account
let credentials: Record<string, string>

beforeAll(async () => {
  account = await createTestAccount()
  const { keys } = configOf(env)
  const member = { sub: account.agent.id, acc: account.id, role: 'agent' as const, gen: 1 }
  const yesterday = Date.now() - 86_400_000
  const tokenOf = async (key: Buffer, now: number) => (await issueToken(member, key, now, 3_600)).token
  const loggedOut = await createTestMember(account.id, 'agent')
  await callAs(loggedOut, 'POST', 'auth/logout')
  const deactivated = await createTestMember(account.id, 'agent', { status: 'inactive' })
  const { key, id } = await createTestKey(account)
  const revoked = await createTestKey(account)
  await callAs(account.admin, 'DELETE', `api-keys/${revoked.id}`)
  const expired = await createTestKey(account, { expires_at: new Date(Date.now() + 86_400_000).toISOString() })
  await execute(
    update(apiKeys, { expiresAt: 1 }, sql`${apiKeys.accountId} = ${account.id} AND ${apiKeys.id} = ${expired.id}`),
  )
  const another = generateKey(id, keys.apiKeys)
  credentials = {
    token: account.agent.token,
    key,
    'truncated token': account.agent.token.slice(0, -1),
    'expired token': await tokenOf(keys.tokens, yesterday),
    'forged token': await tokenOf(Buffer.from('another secret, of 32 bytes or more'), Date.now()),
    'forged expired token': await tokenOf(Buffer.from('another secret, of 32 bytes or more'), yesterday),
    'token of another issuer': await sign(
      { ...member, jti: 'a', iat: 1, exp: 1, iss: 'x', aud: 'ticketing-api' },
      keys.tokens.toString('base64url'),
      'HS256',
    ),
    'revoked token': loggedOut.token,
    'token of an inactive user': deactivated.token,
    'token of an unknown user': (await issueToken({ ...member, sub: 'user_none' }, keys.tokens, Date.now(), 60)).token,
    'truncated key': key.slice(0, -1),
    'mistyped key': key.replace(/.(?=.{20}$)/, (letter) => (letter === '0' ? '1' : '0')),
    'revoked key': revoked.key,
    'expired key': expired.key,
    'unknown key': generateKey(newId('key', Date.now()), keys.apiKeys),
    'forged key': generateKey(id, Buffer.from('another secret, of 32 bytes or more')),
    'key with another secret': another,
  }
})

type Form = [form: string, headers: Record<string, string>, message: string, hasToken: boolean]

const FORMS: Form[] = [
  ['no credential', {}, REQUIRED, false],
  ['an empty header', { Authorization: '' }, REQUIRED, false],
  ['the scheme alone', { Authorization: 'Bearer' }, REQUIRED, false],
  ['an empty API key', { 'X-API-Key': '' }, REQUIRED, false],
  ['a token without a scheme', { Authorization: '{token}' }, SCHEME, false],
  ['an API key without a scheme', { Authorization: '{key}' }, SCHEME, false],
  ['the scheme Token', { Authorization: 'Token {token}' }, SCHEME, false],
  ['the scheme Basic', { Authorization: 'Basic dXNlcjpwYXNzd29yZA==' }, SCHEME, false],
  ['a quoted header', { Authorization: '"Bearer {token}"' }, SCHEME, false],
  ['a colon', { Authorization: 'Bearer: {token}' }, SCHEME, false],
  ['a quoted token', { Authorization: 'Bearer "{token}"' }, MALFORMED, true],
  ['a word', { Authorization: 'Bearer undefined' }, MALFORMED, true],
  ['two words', { Authorization: 'Bearer {token} {token}' }, MALFORMED, true],
  ['5,000 characters', { Authorization: `Bearer ${'a'.repeat(5_000)}` }, MALFORMED, true],
  ['a truncated token', { Authorization: 'Bearer {truncated token}' }, MALFORMED, true],
  ['a forged token', { Authorization: 'Bearer {forged token}' }, INVALID, true],
  ['a forged token that has expired', { Authorization: 'Bearer {forged expired token}' }, INVALID, true],
  ['a token of another issuer', { Authorization: 'Bearer {token of another issuer}' }, INVALID, true],
  ['an expired token', { Authorization: 'Bearer {expired token}' }, EXPIRED, true],
  ['a revoked token', { Authorization: 'bearer {revoked token}' }, REVOKED, true],
  ['a token of an inactive user', { Authorization: 'Bearer {token of an inactive user}' }, REVOKED, true],
  ['a token of an unknown user', { Authorization: 'Bearer {token of an unknown user}' }, REVOKED, true],
  ['a token as an API key', { 'X-API-Key': '{token}' }, WRONG_HEADER, true],
  ['a word as an API key', { 'X-API-Key': 'undefined' }, BROKEN_KEY, true],
  ['a truncated key', { 'X-API-Key': '{truncated key}' }, BROKEN_KEY, true],
  ['a mistyped key', { Authorization: 'Bearer {mistyped key}' }, BROKEN_KEY, true],
  ['a revoked key', { Authorization: 'Bearer {revoked key}' }, INVALID_KEY, true],
  ['an expired key', { 'X-API-Key': '{expired key}' }, INVALID_KEY, true],
  ['an unknown key', { 'X-API-Key': '{unknown key}' }, INVALID_KEY, true],
  ['a forged key', { 'X-API-Key': '{forged key}' }, INVALID_KEY, true],
  ['a key with another secret', { 'X-API-Key': '{key with another secret}' }, INVALID_KEY, true],
]

function send(method: string, headers: Record<string, string>) {
  const filled = Object.entries(headers).map(([name, value]) => [
    name,
    value.replace(/\{(.+?)\}/g, (_, credential: string) => credentials[credential] ?? 'missing'),
  ])
  const options = { headers: Object.fromEntries(filled), address: freshIpAddress() }
  return call(method, 'tickets', method === 'GET' ? options : { ...options, body: { title: 'T', description: 'D' } })
}

describe('a request without a valid credential', () => {
  it.each(FORMS)('returns the cause for %s', async (_form, headers, message, hasToken) => {
    for (const method of ['GET', 'POST']) {
      const response = await send(method, headers)
      expect([response.status, response.body.error.code, response.body.error.details]).toEqual([
        401,
        'unauthorized',
        [],
      ])
      expect(response.body.error.message).toBe(message)
      expect(response.headers.get('WWW-Authenticate')).toBe(hasToken ? invalidToken(message) : PLAIN)
    }
  })

  it.each([
    ['keys', FORMS.filter(([, , message]) => message === INVALID_KEY)],
    ['tokens', FORMS.filter(([, , message]) => message === REVOKED)],
  ])('returns the same bytes and headers for %s that are not valid', async (_name, forms) => {
    const responses = await Promise.all(forms.map(([, headers]) => send('GET', headers)))
    expect(forms.length).toBeGreaterThan(2)
    expect(new Set(responses.map(({ text }) => text)).size).toBe(1)
    expect(new Set(responses.map(({ headers }) => headers.get('WWW-Authenticate'))).size).toBe(1)
  })
})
