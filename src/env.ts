import { z } from 'zod'
import { deriveKey } from './lib/crypto'
import type { RateLimiter } from './rate-limiting/rate-limiter'

/** What `wrangler.toml` binds to the Worker. */
export interface Bindings {
  DB: D1Database
  FILES: R2Bucket
  RATE_LIMITER: DurableObjectNamespace<RateLimiter>
  WEBHOOKS: Queue<WakeMessage>
  APP_SECRET?: string
  TOKEN_TTL_SECONDS?: string
  RATE_LIMIT_STANDARD?: string
  RATE_LIMIT_PREMIUM?: string
  PUBLIC_ORIGIN?: string
}

/** The queue's message: this account has events to fan out. It carries nothing else, so losing it loses nothing. */
export interface WakeMessage {
  account_id: string
}

export interface Config {
  tokenTtlSeconds: number
  rateLimits: { standard: number; premium: number }
  publicOrigin: string | null
  keys: { tokens: Buffer; files: Buffer }
}

/** Thrown when the configuration is missing something; its message tells the operator what, and holds no value. */
export class ConfigError extends Error {}

const SECRET_BYTES = 32

const COUNT_RULE = 'must be a whole number of 1 or more'

const count = (fallback: number) =>
  z.coerce.number({ error: COUNT_RULE }).int(COUNT_RULE).positive(COUNT_RULE).default(fallback)

const Variables = z.object({
  APP_SECRET: z
    .string({ error: `must be set, to ${SECRET_BYTES} random bytes or more` })
    .refine((secret) => Buffer.byteLength(secret) >= SECRET_BYTES, `must hold at least ${SECRET_BYTES} bytes`),
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
    keys: {
      tokens: deriveKey(result.data.APP_SECRET, 'tokens'),
      files: deriveKey(result.data.APP_SECRET, 'files'),
    },
  }
  parsed.set(env, config)
  return config
}
