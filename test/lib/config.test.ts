import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { createApp } from '../../src/app'
import { type Bindings, ConfigError, configOf } from '../../src/env'

const SECRET = 'a secret of 32 bytes, or of more.'

/** The bindings with these variables and no others. */
function bindings(variables: Record<string, unknown>): Bindings {
  const { DB, FILES, RATE_LIMITER, LOGIN_THROTTLE, SWEEPER, WEBHOOKS } = env
  return Object.assign({ DB, FILES, RATE_LIMITER, LOGIN_THROTTLE, SWEEPER, WEBHOOKS }, variables)
}

function refusal(variables: Record<string, unknown>): string {
  try {
    configOf(bindings(variables))
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return error instanceof Error ? error.message : ''
  }
  throw new Error('was not refused')
}

describe('configOf', () => {
  it('has a default for all but the secret', () => {
    expect(configOf(bindings({ APP_SECRET: SECRET }))).toMatchObject({
      tokenTtlSeconds: 2_592_000,
      rateLimits: { standard: 100, premium: 300 },
      publicOrigin: null,
      allowSignup: false,
      previousKeys: null,
    })
  })

  it('takes what is set', () => {
    const variables = {
      APP_SECRET: SECRET,
      TOKEN_TTL_SECONDS: '60',
      RATE_LIMIT_STANDARD: '5',
      RATE_LIMIT_PREMIUM: '7',
      PUBLIC_ORIGIN: 'https://api.example.com',
    }
    expect(configOf(bindings(variables))).toMatchObject({
      tokenTtlSeconds: 60,
      rateLimits: { standard: 5, premium: 7 },
      publicOrigin: 'https://api.example.com',
    })
  })

  it('says what is missing, in plain words', () => {
    expect(refusal({})).toBe('The service is not configured: APP_SECRET must be set, to 32 random bytes or more')
  })

  it('refuses a secret of 31 bytes, takes one of 32, counts bytes, and does not tell the secret', () => {
    const message = refusal({ APP_SECRET: 'x'.repeat(31) })
    expect(message).toBe('The service is not configured: APP_SECRET must hold at least 32 bytes')
    expect(refusal({ APP_SECRET: '' })).toContain('APP_SECRET')
    expect(configOf(bindings({ APP_SECRET: 'x'.repeat(32) })).keys.tokens).toHaveLength(32)
    expect(configOf(bindings({ APP_SECRET: 'é'.repeat(16) })).keys.tokens).toHaveLength(32)
  })

  it.each(['TOKEN_TTL_SECONDS', 'RATE_LIMIT_STANDARD', 'RATE_LIMIT_PREMIUM'])('refuses a bad number in %s', (name) => {
    for (const value of ['abc', '-5', '0', '1.5', '', ' ', 'NaN', 'Infinity'])
      expect(refusal({ APP_SECRET: SECRET, [name]: value })).toBe(
        `The service is not configured: ${name} must be a whole number of 1 or more`,
      )
  })

  it.each(['api.example.com', 'https://api.example.com/', 'https://api.example.com/x', 'not a url', 'https://a b'])(
    'refuses %s as an origin',
    (value) => {
      expect(refusal({ APP_SECRET: SECRET, PUBLIC_ORIGIN: value })).toContain('PUBLIC_ORIGIN must be an origin')
    },
  )

  it('names all that is wrong at once', () => {
    const message = refusal({ TOKEN_TTL_SECONDS: 'x', PUBLIC_ORIGIN: 'x' })
    for (const name of ['APP_SECRET', 'TOKEN_TTL_SECONDS', 'PUBLIC_ORIGIN']) expect(message).toContain(name)
  })

  it('derives a key for each purpose, another for another secret', () => {
    const { tokens, files, apiKeys } = configOf(bindings({ APP_SECRET: SECRET })).keys
    const other = configOf(bindings({ APP_SECRET: `${SECRET}!` })).keys
    const all = [tokens, files, apiKeys, other.tokens, other.files, other.apiKeys].map((key) => key.toString('hex'))
    expect(new Set(all).size).toBe(6)
    expect(all.join()).not.toContain(Buffer.from(SECRET).toString('hex'))
  })
})

describe('a Worker without a secret', () => {
  it.each([[{}], [{ APP_SECRET: 'short' }]])('refuses to serve, and says why', async (variables) => {
    for (const path of ['/api/v1/tickets', '/health', '/openapi.json', '/files/a/b', '/nothing']) {
      const answer = await createApp().fetch(new Request(`http://localhost:3000${path}`), bindings(variables))
      expect(answer.status).toBe(503)
      const body = await answer.text()
      expect(body).toContain('APP_SECRET')
      expect(body).not.toContain('short')
    }
  })
})
