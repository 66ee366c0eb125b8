import { env } from 'cloudflare:workers'
import { createHmac, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { generateKey, hashKey, parseKey } from '../../src/access/api-key-format'
import { addressLimiterName } from '../../src/access/client-address'
import { isKnownKey } from '../../src/access/credentials'
import { readToken } from '../../src/access/tokens'
import { type Bindings, configOf, verificationKeys } from '../../src/core/config'
import { apiKeys } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { deriveKey } from '../../src/lib/crypto'
import { newId } from '../../src/lib/ids'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, API, call, createTestAccount, createTicket, ORIGIN } from '../helpers/api'
import {
  advanceClock,
  callWith,
  createTestKey,
  type Key,
  statusOf,
  stopClock,
  watchObjects,
} from '../helpers/credentials'
import { sessions } from '../helpers/d1'
import { execute, rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'

const OURS = configOf(env).keys.apiKeys

let account: Account
let real: Key

beforeAll(async () => {
  account = await createTestAccount()
  real = await createTestKey(account)
  expect(await statusOf(real.key, freshIpAddress())).toBe(200)
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function forge(fields: { id?: string; secret?: string; name?: string; mac?: string }): string {
  const [, id, secret, name, mac] = /^tk_live_(.{26})(.{64})(.{4})(.{16})/.exec(real.key) ?? []
  const all = { id, secret, name, mac, ...fields }
  const body = `tk_live_${all.id}${all.secret}${all.name}${all.mac}`
  return `${body}${crc32(body).toString(16).padStart(8, '0')}`
}

function flipped(text: string, at: number): string {
  const old = text.charAt(at)
  return `${text.slice(0, at)}${old === 'a' ? 'b' : 'a'}${text.slice(at + 1)}`
}

/** Expects a rejection for which only the IP address's Durable Object was called. */
async function expectRejectedUnread(keys: string[]): Promise<void> {
  const touched = watchObjects()
  const queries = [vi.spyOn(sessions, 'batch'), vi.spyOn(env.DB, 'prepare'), vi.spyOn(env.LOGIN_THROTTLE, 'getByName')]
  const addresses = keys.map(() => freshIpAddress())
  for (const [index, key] of keys.entries()) expect(await statusOf(key, addresses[index] ?? ''), key).toBe(401)
  expect(touched).toEqual(addresses.map(addressLimiterName))
  for (const spy of queries) expect(spy).not.toHaveBeenCalled()
}

describe('S06 an invalid API key', () => {
  it('S06 assembled by hand from valid parts is accepted, so that the others fail for their one difference', async () => {
    expect(forge({})).toBe(real.key)
  })

  it('S06 with any one character changed is rejected without a lookup', async () => {
    await expectRejectedUnread(Array.from({ length: real.key.length }, (_, at) => flipped(real.key, at)))
  })

  it('S06 that is shorter, longer or written differently is rejected without a lookup', async () => {
    const { key } = real
    const cut = [1, 2, 8, 24, 88, 125].map((by) => key.slice(0, -by))
    const spelled = [key.toUpperCase(), `${key}0`, `tk_test_${key.slice(8)}`, 'tk_', 'tk_live_', key.slice(8)]
    await expectRejectedUnread([...cut, ...spelled])
  })

  it('S06 with a wrong MAC or another ID, and a matching CRC, is rejected without a lookup', async () => {
    const invented = newId('key', Date.now()).slice(4)
    const macOf = (secret: Buffer, id: string) => createHmac('sha256', secret).update(id).digest('hex').slice(0, 16)
    await expectRejectedUnread([
      forge({ mac: '0'.repeat(16) }),
      forge({ id: invented }),
      forge({ mac: macOf(randomBytes(32), real.id.slice(4)) }),
      forge({ mac: macOf(configOf(env).keys.tokens, real.id.slice(4)) }),
    ])
  })

  it('S06 with the right ID and MAC but another secret is rejected by the Durable Object of the key', async () => {
    const queries = vi.spyOn(sessions, 'batch')
    expect(await statusOf(forge({ secret: '0'.repeat(64) }), freshIpAddress())).toBe(401)
    expect(queries).not.toHaveBeenCalled()
    expect(await statusOf(real.key, freshIpAddress())).toBe(200)
  })

  it('C06 does not change the count of the valid key', async () => {
    const left = async (token: string) =>
      Number((await call('GET', 'tickets', { token, address: freshIpAddress() })).headers.get('X-RateLimit-Remaining'))
    stopClock()
    const before = await left(real.key)
    for (const key of [flipped(real.key, 50), forge({ mac: '0'.repeat(16) }), forge({ secret: '1'.repeat(64) })])
      expect(await left(key)).toBe(99)
    expect(await left(real.key)).toBe(before - 1)
    const second = await createTestKey(account)
    expect(await left(second.key)).toBe(299)
    expect(await left(real.key)).toBe(before - 2)
  })
})

describe('an API key with a MAC of a secret that was rotated out', () => {
  const old = deriveKey('a secret of long ago, of 32 bytes or more', 'api-keys')

  it('is accepted after a lookup, at most ten a minute and IP address; invented keys are rejected', async () => {
    stopClock()
    const { id } = await createTestKey(account)
    const key = generateKey(id, old)
    await execute(update(apiKeys, { hash: hashKey(key) }, sql`${apiKeys.id} = ${id}`))
    const address = freshIpAddress()
    const invented = () => generateKey(newId('key', Date.now()), old)
    const touched = watchObjects()
    expect(await statusOf(key, address)).toBe(200)
    for (let i = 0; i < 10; i += 1) expect(await statusOf(invented(), address)).toBe(401)
    expect(new Set(touched)).toEqual(new Set([`key:${id}`, addressLimiterName(address)]))
    // A valid key is looked up once.
    for (let i = 0; i < 12; i += 1) expect(await statusOf(key, address)).toBe(200)
    const rejected = await call('GET', 'tickets', { token: invented(), address })
    expect([rejected.status, rejected.body.error.code]).toEqual([429, 'rate_limited'])
    expect(rejected.body.error.message).toContain('10 unknown API keys per minute')
    expect(Number(rejected.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(rejected.headers.get('X-RateLimit-Limit')).toBe('100')
    expect(await statusOf(invented(), freshIpAddress())).toBe(401)
    expect(await statusOf(real.key, address)).toBe(200)
    advanceClock(60_000)
    expect(await statusOf(key, address)).toBe(200)
  })

  it('is 503 while D1 or the throttle is unavailable', async () => {
    const { id } = await createTestKey(account)
    const key = generateKey(id, old)
    await execute(update(apiKeys, { hash: hashKey(key) }, sql`${apiKeys.id} = ${id}`))
    vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('D1_ERROR: away'))
    expect(await statusOf(key, freshIpAddress())).toBe(503)
    vi.restoreAllMocks()
    vi.spyOn(env.LOGIN_THROTTLE, 'getByName').mockImplementation(() => {
      throw new Error('away')
    })
    expect(await statusOf(key, freshIpAddress())).toBe(503)
    vi.restoreAllMocks()
    expect(await statusOf(key, freshIpAddress())).toBe(200)
  })
})

describe('APP_SECRET_PREVIOUS', () => {
  const rotated: Partial<Bindings> = {
    APP_SECRET: 'the next secret, of 32 bytes or more',
    APP_SECRET_PREVIOUS: env.APP_SECRET ?? '',
  }
  const after = configOf({ ...env, ...rotated })
  const otherConfig = configOf({ ...env, APP_SECRET: 'another secret, of 32 bytes or more' })

  it('keeps tokens, API keys and file URLs valid, which are invalid without it', async () => {
    const file = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }
    const { url } = (await createTicket(account.agent, { attachments: [file] })).attachments[0]
    const list = `${ORIGIN}${API}/tickets`
    for (const [token, problem] of [
      [account.agent.token, 'invalid'],
      [real.key, 'malformed'],
    ] as const) {
      expect((await callWith(rotated, 'GET', list, { token })).status).toBe(200)
      expect(await readToken(token, verificationKeys(otherConfig, 'tokens'))).toBe(problem)
    }
    expect((await callWith(rotated, 'GET', url)).status).toBe(200)
    expect((await callWith({ APP_SECRET: 'another secret, of 32 bytes or more' }, 'GET', url)).status).toBe(403)
    expect(parseKey(real.key, verificationKeys(after, 'apiKeys'))).toEqual({ id: real.id, mac: 'valid' })
    expect(parseKey(real.key, verificationKeys(otherConfig, 'apiKeys'))).toEqual({ id: real.id, mac: 'unknown' })
  })

  it('creates new API keys with the new secret', async () => {
    const made = await callWith(rotated, 'POST', 'api-keys', { token: account.admin.token, body: { name: 'New' } })
    expect(made.status, made.text).toBe(201)
    const { key, id } = made.body.data
    expect(parseKey(key, [after.keys.apiKeys])).toEqual({ id, mac: 'valid' })
    expect(parseKey(key, [OURS])).toEqual({ id, mac: 'unknown' })
    expect((await callWith(rotated, 'GET', 'tickets', { token: key })).status).toBe(200)
  })

  it('rejects a wrong MAC of the previous secret like one of its own', () => {
    const [secret, previous] = [randomBytes(32), randomBytes(32)]
    const id = newId('key', Date.now())
    for (const by of [secret, previous]) {
      const key = generateKey(id, by)
      expect(parseKey(key, [secret, previous])).toEqual({ id, mac: 'valid' })
      const body = `${key.slice(0, -24)}${'0'.repeat(16)}`
      expect(parseKey(`${body}${crc32(body).toString(16).padStart(8, '0')}`, [secret, previous])?.mac).toBe('invalid')
    }
  })
})

describe('S18 stored data', () => {
  it('S18 contains no API key and no secret of one in a dump of the database', async () => {
    const made = [real, await createTestKey(account, { role: 'admin' })]
    const rotated: Key[] = []
    for (const { id } of made)
      rotated.push((await callAs(account.admin, 'POST', `api-keys/${id}/rotate`, {})).body.data)
    const keys = [...made, ...rotated]
    for (const { key } of keys) expect(await statusOf(key, freshIpAddress())).toBe(200)
    const tables = await rows<{ name: string }>(
      sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf%' ESCAPE '\\'`,
    )
    const dump: string[] = []
    for (const { name } of tables) dump.push(JSON.stringify(await rows(sql`SELECT * FROM "${sql.raw(name)}"`)))
    const text = dump.join('\n')
    for (const { id, key } of keys) {
      expect(text).toContain(id)
      expect(text).toContain(hashKey(key))
      for (const secret of [key, key.slice(8), key.slice(34, 98), key.slice(34, 66), key.slice(66, 98)])
        expect(text).not.toContain(secret)
    }
    expect(text).not.toContain('tk_live_')
    for (const purpose of ['tokens', 'files', 'apiKeys'] as const)
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect(text).not.toContain(configOf(env).keys[purpose].toString(form))
  })

  it('S06 ignores an API key in ?api_key=, and logs none', async () => {
    const lines: unknown[] = []
    for (const level of ['info', 'error', 'log', 'warn'] as const)
      vi.spyOn(console, level).mockImplementation((...line) => void lines.push(...line))
    const address = freshIpAddress()
    expect((await call('GET', `tickets?api_key=${real.key}`, { address })).status).toBe(401)
    const response = await call('GET', `tickets?api_key=${real.key}`, { token: account.agent.token })
    expect([response.status, response.body.error.details]).toEqual([
      400,
      [{ field: 'api_key', message: 'api_key is not a known parameter', code: 'unknown_parameter' }],
    ])
    await call('GET', 'tickets', { token: real.key })
    await call('GET', 'tickets', { headers: { 'X-API-Key': flipped(real.key, 60) }, address })
    await callAs(account.admin, 'POST', 'api-keys', { name: 'Logged?' })
    expect(lines.length).toBeGreaterThanOrEqual(5)
    expect(lines.join('\n')).not.toMatch(/tk_live_|[0-9a-f]{64}/)
  })
})

describe('a lookup', () => {
  it('S06 compares the whole API key, not only its ID', async () => {
    const other = generateKey(real.id, OURS)
    expect(await isKnownKey(env, real.id, hashKey(real.key))).toBe(true)
    expect(await isKnownKey(env, real.id, hashKey(other))).toBe(false)
  })
})
