import { z } from 'zod'
import type { LoginThrottle } from './auth/login-throttle'
import { deriveKey } from './lib/crypto'
import type { RateLimiter } from './rate-limiting/rate-limiter'

/** What `wrangler.toml` binds to the Worker. */
export interface Bindings {
  DB: D1Database
  FILES: R2Bucket
  RATE_LIMITER: DurableObjectNamespace<RateLimiter>
  LOGIN_THROTTLE: DurableObjectNamespace<LoginThrottle>
  WEBHOOKS: Queue<WakeMessage>
  APP_SECRET?: string
  APP_SECRET_PREVIOUS?: string
  TOKEN_TTL_SECONDS?: string
  RATE_LIMIT_STANDARD?: string
  RATE_LIMIT_PREMIUM?: string
  PUBLIC_ORIGIN?: string
  ALLOW_SIGNUP?: string
}

/** The queue's message: this account has events to fan out. It carries nothing else, so losing it loses nothing. */
export interface WakeMessage {
  account_id: string
}

/** Keys for one purpose each, all derived from one secret. */
interface Keys {
  tokens: Buffer
  files: Buffer
  apiKeys: Buffer
}

export interface Config {
  tokenTtlSeconds: number
  rateLimits: { standard: number; premium: number }
  publicOrigin: string | null
  allowSignup: boolean
  /** What is signed now. */
  keys: Keys
  /** What was signed before the last rotation, and still holds. */
  previousKeys: Keys | null
}

/** Thrown when the configuration is missing something; its message tells the operator what, and holds no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const SECRET_BYTES = 32

const COUNT_RULE = 'must be a whole number of 1 or more'

const count = (fallback: number) =>
  z.coerce.number({ error: COUNT_RULE }).int(COUNT_RULE).positive(COUNT_RULE).default(fallback)

const Secret = z
  .string({ error: `must be set, to ${SECRET_BYTES} random bytes or more` })
  .refine((secret) => Buffer.byteLength(secret) >= SECRET_BYTES, `must hold at least ${SECRET_BYTES} bytes`)

const Variables = z.object({
  APP_SECRET: Secret,
  APP_SECRET_PREVIOUS: Secret.optional(),
  ALLOW_SIGNUP: z.enum(['true', 'false'], { error: 'must be true or false' }).default('false'),
  TOKEN_TTL_SECONDS: count(30 * 24 * 60 * 60),
  RATE_LIMIT_STANDARD: count(100),
  RATE_LIMIT_PREMIUM: count(300),
  PUBLIC_ORIGIN: z
    .string()
    .default('')
    .refine(
      (origin) => origin === '' || URL.parse(origin)?.origin === origin,
      'must be an origin such as https://api.example.com',
    ),
})

const parsed = new WeakMap<Bindings, Config>()

/** The variables of the environment, checked once per isolate. Throws `ConfigError` when one is missing or out of range. */
export function configOf(env: Bindings): Config {
  const known = parsed.get(env)
  if (known) return known
  const result = Variables.safeParse(env)
  if (!result.success) {
    const problems = result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
    throw new ConfigError(`The service is not configured: ${problems.join('; ')}`)
  }
  const config: Config = {
    tokenTtlSeconds: result.data.TOKEN_TTL_SECONDS,
    rateLimits: { standard: result.data.RATE_LIMIT_STANDARD, premium: result.data.RATE_LIMIT_PREMIUM },
    publicOrigin: result.data.PUBLIC_ORIGIN || null,
    allowSignup: result.data.ALLOW_SIGNUP === 'true',
    keys: keysOf(result.data.APP_SECRET),
    previousKeys: result.data.APP_SECRET_PREVIOUS ? keysOf(result.data.APP_SECRET_PREVIOUS) : null,
  }
  parsed.set(env, config)
  return config
}

function keysOf(secret: string): Keys {
  return {
    tokens: deriveKey(secret, 'tokens'),
    files: deriveKey(secret, 'files'),
    apiKeys: deriveKey(secret, 'api-keys'),
  }
}

/** The key for a purpose that is used now and, if there is one, the one before it. */
export function acceptedKeys(config: Config, purpose: keyof Keys): Buffer[] {
  return config.previousKeys ? [config.keys[purpose], config.previousKeys[purpose]] : [config.keys[purpose]]
}
