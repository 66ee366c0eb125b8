import { type DerivedKeys, deriveKeys } from './keys'
import { originProblems, problemsIn, Variables } from './variables'

/** What `wrangler.toml` and `.dev.vars.example` bind to the Worker; `npm run types` writes `worker-configuration.d.ts`. */
export type Bindings = Env

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
  keys: DerivedKeys
  /** What was signed before the last rotation, and still holds. */
  previousKeys: DerivedKeys | null
}

/** Thrown when the configuration is missing something; its message tells the operator what, and holds no value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

const parsed = new WeakMap<Bindings, Config>()

/** The variables of the environment, checked once per isolate. Throws `ConfigError` when one is missing or out of range. */
export function configOf(env: Bindings): Config {
  const known = parsed.get(env)
  if (known) return known
  const result = Variables.safeParse(env)
  const problems = [...(result.success ? [] : problemsIn(result.error)), ...originProblems(env)]
  if (!result.success || problems.length > 0)
    throw new ConfigError(`The service is not configured: ${problems.join('; ')}`)
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
    keys: deriveKeys(result.data.APP_SECRET),
    previousKeys: result.data.APP_SECRET_PREVIOUS ? deriveKeys(result.data.APP_SECRET_PREVIOUS) : null,
  }
  parsed.set(env, config)
  return config
}

/** The key for a purpose that is used now and, if there is one, the one before it. */
export function verificationKeys(config: Config, purpose: keyof DerivedKeys): Buffer[] {
  return config.previousKeys ? [config.keys[purpose], config.previousKeys[purpose]] : [config.keys[purpose]]
}
