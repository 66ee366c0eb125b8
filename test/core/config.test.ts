import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createApp } from '../../src/app'
import { type Bindings, ConfigError, configOf } from '../../src/core/config'
import { variableProblems } from '../../src/core/variables'

const SECRET = 'a secret of 32 bytes, or of more.'

function bindings(variables: Record<string, unknown>): Bindings {
  const { DB, FILES, ASSETS, RATE_LIMITER, LOGIN_THROTTLE, SWEEPER, WEBHOOKS } = env
  // Deliberately incomplete or of the wrong type.
  const given: unknown = { DB, FILES, ASSETS, RATE_LIMITER, LOGIN_THROTTLE, SWEEPER, WEBHOOKS, ...variables }
  return given as Bindings
}

function configError(variables: Record<string, unknown>): string {
  try {
    configOf(bindings(variables))
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return error instanceof Error ? error.message : ''
  }
  throw new Error('was not refused')
}

describe('configOf', () => {
  it('has a default for each variable except the secret', () => {
    expect(configOf(bindings({ APP_SECRET: SECRET }))).toMatchObject({
      tokenTtlSeconds: 2_592_000,
      rateLimits: { standard: 100, premium: 300 },
      publicOrigin: null,
      securityContact: null,
      allowSignup: false,
      webhooks: {
        retrySchedule: [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400],
        timeoutMs: 15_000,
        allowPrivate: false,
      },
      eventRetentionDays: 30,
      previousKeys: null,
    })
  })

  it('reads each variable', () => {
    const variables = {
      APP_SECRET: SECRET,
      TOKEN_TTL_SECONDS: '60',
      RATE_LIMIT_STANDARD: '5',
      RATE_LIMIT_PREMIUM: '7',
      PUBLIC_ORIGIN: 'https://api.example.com',
      SECURITY_CONTACT: 'mailto:security@example.com',
      WEBHOOK_RETRY_SCHEDULE: '1,0,86400',
      WEBHOOK_TIMEOUT_MS: '250',
      EVENT_RETENTION_DAYS: '7',
      ALLOW_PRIVATE_WEBHOOKS: 'true',
    }
    expect(configOf(bindings(variables))).toMatchObject({
      tokenTtlSeconds: 60,
      rateLimits: { standard: 5, premium: 7 },
      publicOrigin: 'https://api.example.com',
      securityContact: 'mailto:security@example.com',
      webhooks: { retrySchedule: [1, 0, 86_400], timeoutMs: 250, allowPrivate: true },
      eventRetentionDays: 7,
    })
  })

  it.each([
    ['5', [5]],
    ['2592000', [2_592_000]],
    [Array.from({ length: 50 }, () => '60').join(','), Array.from({ length: 50 }, () => 60)],
  ])('accepts %.20s as a retry schedule', (value, expected) => {
    const config = configOf(bindings({ APP_SECRET: SECRET, WEBHOOK_RETRY_SCHEDULE: value }))
    expect(config.webhooks.retrySchedule).toEqual(expected)
  })

  it.each([
    '',
    ',',
    '5,',
    ',5',
    '5,,5',
    '5, 300',
    '5;300',
    '-5',
    '1.5',
    '1e3',
    '0x10',
    '5s',
    '2592001',
    '999999999',
    '5\n',
  ])('rejects %j as a retry schedule', (value) => {
    expect(configError({ APP_SECRET: SECRET, WEBHOOK_RETRY_SCHEDULE: value })).toBe(
      'The service is not configured: WEBHOOK_RETRY_SCHEDULE must be up to 50 whole numbers of seconds, each at most 2,592,000, with commas between them',
    )
  })

  it('rejects a schedule of more than 50 retries', () => {
    const value = Array.from({ length: 51 }, () => '60').join(',')
    expect(configError({ APP_SECRET: SECRET, WEBHOOK_RETRY_SCHEDULE: value })).toContain('WEBHOOK_RETRY_SCHEDULE')
  })

  it.each(['ALLOW_PRIVATE_WEBHOOKS', 'ALLOW_SIGNUP'])('rejects %s that is neither true nor false', (name) => {
    for (const value of ['', 'TRUE', 'yes', '1', ' true', 'false '])
      expect(configError({ APP_SECRET: SECRET, [name]: value })).toBe(
        `The service is not configured: ${name} must be true or false`,
      )
    expect(configOf(bindings({ APP_SECRET: SECRET, [name]: 'false' })).webhooks.allowPrivate).toBe(false)
  })

  it('names each missing variable in plain words', () => {
    expect(configError({})).toBe('The service is not configured: APP_SECRET must be set, to 32 random bytes or more')
  })

  it('rejects a secret of 31 bytes, accepts one of 32, counts bytes, and does not print the secret', () => {
    const message = configError({ APP_SECRET: 'x'.repeat(31) })
    expect(message).toBe('The service is not configured: APP_SECRET must be at least 32 bytes')
    expect(configError({ APP_SECRET: '' })).toContain('APP_SECRET')
    expect(configOf(bindings({ APP_SECRET: 'x'.repeat(32) })).keys.tokens).toHaveLength(32)
    expect(configOf(bindings({ APP_SECRET: 'é'.repeat(16) })).keys.tokens).toHaveLength(32)
  })

  it.each([
    ['TOKEN_TTL_SECONDS', 31_536_000, '31,536,000'],
    ['RATE_LIMIT_STANDARD', 1_000_000, '1,000,000'],
    ['RATE_LIMIT_PREMIUM', 1_000_000, '1,000,000'],
    ['WEBHOOK_TIMEOUT_MS', 20_000, '20,000'],
    ['EVENT_RETENTION_DAYS', 3_650, '3,650'],
  ])('accepts 1 to %2$i in %s and rejects other values', (name, max, shown) => {
    for (const value of ['1', String(max), max])
      expect(() => configOf(bindings({ APP_SECRET: SECRET, [name]: value }))).not.toThrow()
    const invalid = ['abc', '-5', '0', '1.5', '', ' ', 'NaN', 'Infinity', String(max + 1), '1e15', max + 1]
    for (const value of invalid) {
      const problem = `${name} must be a whole number from 1 to ${shown}`
      expect(configError({ APP_SECRET: SECRET, [name]: value })).toBe(`The service is not configured: ${problem}`)
      expect(variableProblems({ [name]: value })).toEqual([problem])
    }
  })

  it('accepts a jurisdiction of Durable Objects and rejects other values', () => {
    for (const value of ['', 'eu', 'fedramp'])
      expect(() => configOf(bindings({ APP_SECRET: SECRET, OBJECT_JURISDICTION: value }))).not.toThrow()
    for (const value of ['EU', 'us', ' ', 'eu,fedramp'])
      expect(configError({ APP_SECRET: SECRET, OBJECT_JURISDICTION: value })).toBe(
        'The service is not configured: OBJECT_JURISDICTION must be eu, fedramp or empty',
      )
  })

  it.each([
    ...['api.example.com', 'https://api.example.com/', 'https://api.example.com/x', 'not a url', 'https://a b'],
    ...['ftp://api.example.com', 'wss://api.example.com', 'https://API.example.com', 'https://api.example.com:443'],
    ...['https://a@api.example.com', 'https://api.example.com?x', 'https://api.example.com#x', ' https://a.example'],
  ])('rejects %s as an origin', (value) => {
    expect(configError({ APP_SECRET: SECRET, PUBLIC_ORIGIN: value })).toContain('PUBLIC_ORIGIN must be an origin')
  })

  it.each(['staging', 'production'])('requires an https origin in %s', (ENVIRONMENT) => {
    const message = `The service is not configured: PUBLIC_ORIGIN must be set to the https origin of the service, because ENVIRONMENT is ${ENVIRONMENT}`
    for (const origin of [{}, { PUBLIC_ORIGIN: '' }, { PUBLIC_ORIGIN: 'http://api.example.com' }])
      expect(configError({ APP_SECRET: SECRET, ENVIRONMENT, ...origin })).toBe(message)
    const config = configOf(bindings({ APP_SECRET: SECRET, ENVIRONMENT, PUBLIC_ORIGIN: 'https://api.example.com' }))
    expect(config.publicOrigin).toBe('https://api.example.com')
  })

  it.each(['', 'http://localhost:3000', 'https://tunnel.example.com'])(
    'accepts the origin "%s" in development',
    (origin) => {
      const config = configOf(bindings({ APP_SECRET: SECRET, ENVIRONMENT: 'development', PUBLIC_ORIGIN: origin }))
      expect(config.publicOrigin).toBe(origin || null)
    },
  )

  it.each(['', 'prod', 'Production', 'local'])('rejects "%s" as an environment', (ENVIRONMENT) => {
    expect(configError({ APP_SECRET: SECRET, ENVIRONMENT })).toBe(
      'The service is not configured: ENVIRONMENT must be one of: development, staging, production',
    )
  })

  it('names a missing origin together with all other problems', () => {
    const message = configError({ ENVIRONMENT: 'production', TOKEN_TTL_SECONDS: 'x' })
    for (const name of ['APP_SECRET', 'TOKEN_TTL_SECONDS', 'PUBLIC_ORIGIN']) expect(message).toContain(name)
  })

  it('lists all problems together', () => {
    const message = configError({ TOKEN_TTL_SECONDS: 'x', PUBLIC_ORIGIN: 'x' })
    for (const name of ['APP_SECRET', 'TOKEN_TTL_SECONDS', 'PUBLIC_ORIGIN']) expect(message).toContain(name)
  })

  it('derives a different key for each purpose and each secret', () => {
    const hex = (key: Buffer) => key.toString('hex')
    const own = configOf(bindings({ APP_SECRET: SECRET })).keys
    const other = configOf(bindings({ APP_SECRET: `${SECRET}!` })).keys
    const all = [own, other].flatMap((keys) => Object.values(keys).map(hex))
    expect(new Set(all).size).toBe(10)
    expect(all.join()).not.toContain(Buffer.from(SECRET).toString('hex'))
  })
})

describe('a Worker without a secret', () => {
  it.each([[{}], [{ APP_SECRET: 'short' }]])('serves nothing, and logs why', async (variables) => {
    for (const path of ['/api/v1/tickets', '/health', '/openapi.json', '/files/a/b', '/nothing']) {
      const result = await createApp().fetch(new Request(`http://localhost:3000${path}`), bindings(variables))
      expect(result.status).toBe(503)
      const body = await result.text()
      expect(body).toContain('APP_SECRET')
      expect(body).not.toContain('short')
    }
  })

  const HINT =
    '. For local development run npm start once: it writes .dev.vars, applies the migrations and loads demo data'

  async function messageAt(origin: string, variables: Record<string, unknown>): Promise<string> {
    const response = await createApp().fetch(new Request(`${origin}/api/v1/tickets`), bindings(variables))
    return z.object({ error: z.object({ message: z.string() }) }).parse(await response.json()).error.message
  }

  it.each([
    'http://localhost:8787',
    'http://LOCALHOST',
    'http://api.localhost',
    'http://127.0.0.1:8787',
    'http://127.8.0.1',
    'http://[::1]:8787',
    'http://0.0.0.0',
  ])('names npm start at the local host %s', async (origin) => {
    const message = 'The service is not configured: APP_SECRET must be set, to 32 random bytes or more'
    expect(await messageAt(origin, {})).toBe(`${message}${HINT}`)
    expect(await messageAt(origin, { APP_SECRET: '' })).toContain(HINT)
  })

  it.each([
    'https://api.example.com',
    'http://localhost.example.com',
    'http://notlocalhost',
    'http://127.0.0.1.example.com',
    'http://10.0.0.1',
    'http://[2001:db8::1]',
  ])('does not name npm start at %s', async (origin) => {
    const message = 'The service is not configured: APP_SECRET must be set, to 32 random bytes or more'
    expect(await messageAt(origin, {})).toBe(message)
  })

  it('does not name npm start for a secret that is too short, or another variable', async () => {
    const local = 'http://localhost:8787'
    expect(await messageAt(local, { APP_SECRET: 'short' })).not.toContain('npm start')
    expect(await messageAt(local, { APP_SECRET: SECRET, WEBHOOK_TIMEOUT_MS: 'x' })).not.toContain('npm start')
  })
})

describe('a deployed Worker without PUBLIC_ORIGIN', () => {
  it.each(['staging', 'production'])('serves nothing in %s, and logs why', async (ENVIRONMENT) => {
    const configured = bindings({ APP_SECRET: SECRET, ENVIRONMENT, PUBLIC_ORIGIN: '' })
    for (const path of ['/api/v1/tickets', '/health', '/openapi.json', '/docs', '/', '/files/a/b', '/nothing'])
      for (const method of ['GET', 'OPTIONS', 'POST']) {
        const response = await createApp().fetch(new Request(`https://evil.example${path}`, { method }), configured)
        expect(response.status, `${method} ${path}`).toBe(503)
        expect(await response.json()).toMatchObject({
          error: { code: 'unavailable', message: expect.stringContaining('PUBLIC_ORIGIN must be set') },
        })
      }
  })
})
