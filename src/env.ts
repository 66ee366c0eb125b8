import { z } from 'zod'
import type { LoginThrottle } from './auth/login-throttle'
import { type Keys, keysOf } from './keys'
import type { RateLimiter } from './rate-limiting/rate-limiter'
import type { Sweeper } from './sweep/sweeper'

/** What `wrangler.toml` binds to the Worker. */
export interface Bindings {
  DB: D1Database
  FILES: R2Bucket
  /** The files of `public/`. */
  ASSETS: Fetcher
  RATE_LIMITER: DurableObjectNamespace<RateLimiter>
  LOGIN_THROTTLE: DurableObjectNamespace<LoginThrottle>
  SWEEPER: DurableObjectNamespace<Sweeper>
  WEBHOOKS: Queue<WakeMessage>
  APP_SECRET?: string
  APP_SECRET_PREVIOUS?: string
  TOKEN_TTL_SECONDS?: string
  RATE_LIMIT_STANDARD?: string
  RATE_LIMIT_PREMIUM?: string
  PUBLIC_ORIGIN?: string
  ALLOW_SIGNUP?: string
  ALLOW_PRIVATE_WEBHOOKS?: string
  WEBHOOK_RETRY_SCHEDULE?: string
  WEBHOOK_TIMEOUT_MS?: string
  EVENT_RETENTION_DAYS?: string
}

/**
 * The queue's message: there is work. It names the account whose events are to be fanned out, or none where only
 * deliveries are due. It carries nothing else, so losing it loses nothing.
 */
export interface WakeMessage {
  account_id: string | null
}

export interface Config {
  tokenTtlSeconds: number
  rateLimits: { standard: number; premium: number }
  publicOrigin: string | null
  allowSignup: boolean
  webhooks: {
    /** Seconds between a failed scheduled attempt and the next. */
    retrySchedule: readonly number[]
    timeoutMs: number
    /** Development only: allows plain http, any port, and addresses that are not public. */
    allowPrivate: boolean
  }
  eventRetentionDays: number
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

/** What the Standard Webhooks specification advises: https://www.standardwebhooks.com, "Retry schedule". */
const RETRY_SCHEDULE = '5,300,1800,7200,18000,36000,50400,72000,86400'
const SCHEDULE_RULE = 'must be whole numbers of seconds with commas between them'

const Secret = z
  .string({ error: `must be set, to ${SECRET_BYTES} random bytes or more` })
  .refine((secret) => Buffer.byteLength(secret) >= SECRET_BYTES, `must hold at least ${SECRET_BYTES} bytes`)

const Variables = z.object({
  APP_SECRET: Secret,
  APP_SECRET_PREVIOUS: Secret.optional(),
  ALLOW_SIGNUP: flag(),
  ALLOW_PRIVATE_WEBHOOKS: flag(),
  WEBHOOK_RETRY_SCHEDULE: z
    .string()
    .default(RETRY_SCHEDULE)
    .refine((text) => /^\d{1,8}(,\d{1,8}){0,49}$/.test(text), SCHEDULE_RULE),
  WEBHOOK_TIMEOUT_MS: count(15_000),
  EVENT_RETENTION_DAYS: count(30),
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

function flag() {
  return z.enum(['true', 'false'], { error: 'must be true or false' }).default('false')
}

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
    webhooks: {
      retrySchedule: result.data.WEBHOOK_RETRY_SCHEDULE.split(',').map(Number),
      timeoutMs: result.data.WEBHOOK_TIMEOUT_MS,
      allowPrivate: result.data.ALLOW_PRIVATE_WEBHOOKS === 'true',
    },
    eventRetentionDays: result.data.EVENT_RETENTION_DAYS,
    keys: keysOf(result.data.APP_SECRET),
    previousKeys: result.data.APP_SECRET_PREVIOUS ? keysOf(result.data.APP_SECRET_PREVIOUS) : null,
  }
  parsed.set(env, config)
  return config
}

/** The key for a purpose that is used now and, if there is one, the one before it. */
export function acceptedKeys(config: Config, purpose: keyof Keys): Buffer[] {
  return config.previousKeys ? [config.keys[purpose], config.previousKeys[purpose]] : [config.keys[purpose]]
}
