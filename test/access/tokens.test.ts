import { env } from 'cloudflare:workers'
import { createHmac, generateKeyPairSync, sign as signWith } from 'node:crypto'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { configOf } from '../../src/core/config'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, createTestToken } from '../helpers/api'
import { execute } from '../helpers/database'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const KEY = configOf(env).keys.tokens.toString('base64url')
const SECOND = 1_000
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = () => Math.floor(Date.now() / SECOND)

function claims(over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    sub: account.agent.id,
    acc: account.id,
    role: 'agent',
    gen: 1,
    jti: 'of-this-test',
    iat: now(),
    exp: now() + 600,
    iss: 'ticketing-api',
    aud: 'ticketing-api',
    ...over,
  }
}

function without(name: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims()).filter(([key]) => key !== name))
}

function token(payload: unknown, header: unknown = { alg: 'HS256', typ: 'JWT' }, hash = 'sha256', key = KEY): string {
  const text = `${encode(header)}.${encode(payload)}`
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`
}

/** Reads and writes verify the caller in different ways. */
async function statuses(forged: string): Promise<number[]> {
  const address = freshIpAddress()
  const read = await call('GET', 'tickets', { token: forged, address })
  const write = await call('POST', 'tickets', { token: forged, address, body: { title: 'T', description: 'D' } })
  return [read.status, write.status]
}

describe('S04 tokens', () => {
  it('S04 a token made by hand as it should be is good, so that the others fail for their fault alone', async () => {
    expect(await statuses(token(claims()))).toEqual([200, 201])
  })

  it.each(['none', 'None', 'NONE', 'nOnE'])('S04 alg %s is 401', async (alg) => {
    const [header, payload] = [encode({ alg, typ: 'JWT' }), encode(claims())]
    expect(await statuses(`${header}.${payload}.`)).toEqual([401, 401])
    expect(await statuses(token(claims(), { alg, typ: 'JWT' }))).toEqual([401, 401])
  })

  it('S04 HS384 and HS512 with the right key are 401', async () => {
    expect(await statuses(token(claims(), { alg: 'HS384', typ: 'JWT' }, 'sha384'))).toEqual([401, 401])
    expect(await statuses(token(claims(), { alg: 'HS512', typ: 'JWT' }, 'sha512'))).toEqual([401, 401])
    expect(await statuses(token(claims(), { alg: 'HS256', typ: 'JWT' }, 'sha512'))).toEqual([401, 401])
    expect(await statuses(token(claims(), { alg: 'HS512', typ: 'JWT' }))).toEqual([401, 401])
  })

  it('S04 RS256, of a key of one’s own or signed with ours, is 401', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
    const text = `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(claims())}`
    const signature = signWith('sha256', Buffer.from(text), privateKey).toString('base64url')
    expect(await statuses(`${text}.${signature}`)).toEqual([401, 401])
    expect(await statuses(token(claims(), { alg: 'RS256', typ: 'JWT' }))).toEqual([401, 401])
  })

  it('S04 no alg, an odd one, or no header at all is 401', async () => {
    for (const header of [
      { typ: 'JWT' },
      { alg: null },
      { alg: ['HS256'] },
      { alg: 'hs256' },
      { alg: '' },
      null,
      [],
      'x',
    ])
      expect(await statuses(token(claims(), header))).toEqual([401, 401])
  })

  it('S04 a fourth segment, a missing one, or white space is 401', async () => {
    const valid = token(claims())
    const [header, payload, signature] = valid.split('.')
    const forged = [
      `${valid}.`,
      `${valid}.x`,
      `.${valid}`,
      `${header}.${payload}`,
      `${header}..${signature}`,
      '..',
      `${valid}=`,
    ]
    for (const value of [...forged, `${valid} x`, valid.replace('.', ' .')])
      expect(await statuses(value)).toEqual([401, 401])
  })

  it('S04 another token’s signature, key or payload is 401', async () => {
    const [mine, theirs] = [token(claims()), token(claims({ jti: 'other' }))].map((value) => value.split('.'))
    expect(await statuses(`${mine?.[0]}.${mine?.[1]}.${theirs?.[2]}`)).toEqual([401, 401])
    for (const key of [
      '',
      'secret',
      configOf(env).keys.files.toString('base64url'),
      configOf(env).keys.tokens.toString('hex'),
    ])
      expect(await statuses(token(claims(), undefined, 'sha256', key))).toEqual([401, 401])
    const raised = encode(claims({ role: 'admin' }))
    expect(await statuses(`${mine?.[0]}.${raised}.${mine?.[2]}`)).toEqual([401, 401])
  })

  it('S04 every single bit of the signature’s last four characters counts', async () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const valid = token(claims())
    for (let back = 1; back <= 4; back += 1)
      for (let bit = 1; bit < 64; bit *= 2) {
        const at = valid.length - back
        const flipped = alphabet[alphabet.indexOf(valid.charAt(at)) ^ bit]
        expect(await statuses(`${valid.slice(0, at)}${flipped}${valid.slice(at + 1)}`)).toEqual([401, 401])
      }
  })

  it.each(['sub', 'acc', 'role', 'gen', 'jti', 'iat', 'exp', 'iss', 'aud'])('S04 a missing %s is 401', async (name) => {
    expect(await statuses(token(without(name)))).toEqual([401, 401])
  })

  it.each([
    ['textual exp', { exp: '9999999999' }],
    ['exp that is null', { exp: null }],
    ['exp with a fraction', { exp: 9_999_999_999.5 }],
    ['exp in the past', { exp: 1_700_000_000, iat: 1_600_000_000 }],
    ['iat in the future', { iat: 4_000_000_000, exp: 4_000_000_600 }],
    ['nbf in the future', { nbf: 4_000_000_000 }],
    ['foreign iss', { iss: 'another-api' }],
    ['foreign aud', { aud: 'another-api' }],
    ['aud that also is ours', { aud: ['ticketing-api', 'another-api'] }],
    ['unknown role', { role: 'root' }],
    ['textual gen', { gen: '1' }],
    ['another gen', { gen: 2 }],
    ['an earlier gen', { gen: 0 }],
    ['sub with a path', { sub: '../admin' }],
    ['sub that is a list', { sub: ['x'] }],
    ['acc of SQL', { acc: "' OR 1=1 --" }],
    ['sub of nobody', { sub: 'user_nobody' }],
    ['acc of nobody', { acc: 'acct_nobody' }],
  ])('S04 %s is 401, though the signature is right', async (_name, over) => {
    expect(await statuses(token(claims(over)))).toEqual([401, 401])
  })

  it('S04 expired a second ago is 401', async () => {
    expect(await statuses(token(claims({ iat: now() - 600, exp: now() - 1 })))).toEqual([401, 401])
  })

  it('S04 issued where the clock is ahead is good for up to a minute, and no further', async () => {
    expect(await statuses(token(claims({ iat: now() + 50 })))).toEqual([200, 201])
    expect(await statuses(token(claims({ iat: now() + 70 })))).toEqual([401, 401])
  })

  it('S04 payloads that are no claims are 401', async () => {
    for (const payload of [null, [], 'x', 1, {}]) expect(await statuses(token(payload))).toEqual([401, 401])
  })

  it.each([
    ['kid as a path', { kid: '../../dev/null' }, ''],
    ['kid as SQL', { kid: "x' UNION SELECT 'key' --" }, 'key'],
    ['an embedded jwk', { jwk: { kty: 'oct', k: Buffer.from('mine').toString('base64url') } }, 'mine'],
    ['a jku', { jku: 'https://evil.example/keys.json' }, 'mine'],
    ['an x5u', { x5u: 'https://evil.example/cert.pem' }, 'mine'],
  ])('S04 %s is 401, and nothing is fetched', async (_name, extra, key) => {
    const fetched = vi.spyOn(globalThis, 'fetch')
    expect(await statuses(token(claims(), { alg: 'HS256', typ: 'JWT', ...extra }, 'sha256', key))).toEqual([401, 401])
    const addresses = fetched.mock.calls.map(([to]) => (to instanceof Request ? to.url : String(to)))
    expect(addresses.filter((address) => address.includes('evil.example'))).toEqual([])
    fetched.mockRestore()
  })
})

describe('a token of somebody', () => {
  it('of another account’s member does not count in this one', async () => {
    const other = await createTestAccount()
    expect(await statuses(token(claims({ sub: other.agent.id })))).toEqual([401, 401])
    expect(await statuses(await createTestToken(other.id, account.agent.id, 'agent'))).toEqual([401, 401])
  })

  it('S05 who was deactivated before its first request is 401 on every route', async () => {
    const own = await createTestAccount()
    await createTestMember(own.id, 'admin')
    await execute(update(users, { status: 'inactive' }, sql`${users.id} = ${own.admin.id}`))
    expect(await statuses(own.admin.token)).toEqual([401, 401])
    for (const path of ['users', 'tickets/x', 'tickets/x/comments'])
      expect((await call('GET', path, { token: own.admin.token, address: freshIpAddress() })).status).toBe(401)
  })

  it('has the role that the database gives it, not the one it claims', async () => {
    const own = await createTestAccount()
    const raised = await createTestToken(own.id, own.customer.id, 'admin')
    expect((await call('GET', 'users', { token: raised })).status).toBe(403)
    expect((await call('DELETE', 'tickets/none', { token: raised })).status).toBe(403)
    const lowered = await createTestToken(own.id, own.agent.id, 'customer')
    expect((await call('GET', 'users', { token: lowered })).status).toBe(200)
  })
})

describe('credentials of a request', () => {
  const send = (headers: Record<string, string>) => call('GET', 'tickets', { headers, address: freshIpAddress() })

  it('two different ones at once are 400', async () => {
    const response = await send({ Authorization: `Bearer ${account.agent.token}`, 'X-API-Key': 'tk_live_other' })
    expect(response.status).toBe(400)
    expect(response.body.error.details).toHaveLength(1)
  })

  it('any other scheme is 401', async () => {
    const { token: valid } = account.agent
    const values = [
      `Basic ${btoa('a:b')}`,
      valid,
      `Token ${valid}`,
      'Bearer',
      'Bearer ',
      `Bearer ${valid} ${valid}`,
      `Bearer "${valid}"`,
    ]
    for (const value of values) expect((await send({ Authorization: value })).status).toBe(401)
    expect((await send({ Authorization: `bearer ${valid}` })).status).toBe(200)
  })

  it('are not looked for in cookies', async () => {
    expect((await send({ Cookie: `token=${account.agent.token}` })).status).toBe(401)
  })
})
