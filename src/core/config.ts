import { type DerivedKeys, deriveKeys } from './keys'
import { originProblems, problemsIn, Variables } from './variables'

/** `npm run types` generates `Env` from `wrangler.toml` and `.dev.vars.example`. */
export type Bindings = Env

export interface Config {
  tokenTtlSeconds: number
  rateLimits: { standard: number; premium: number }
  publicOrigin: string | null
  /** For reports of vulnerabilities, as a URL. */
  securityContact: string | null
  allowSignup: boolean
  webhooks: {
    /** Seconds between a failed scheduled attempt and the next. */
    retrySchedule: readonly number[]
    timeoutMs: number
    /** For development: also plain HTTP, any port, and IP addresses that are not public. */
    allowPrivate: boolean
  }
  eventRetentionDays: number
  keys: DerivedKeys
  /** From before the last rotation: still accepted. */
  previousKeys: DerivedKeys | null
}

/** The message lists the variables to fix, without their values. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'

  constructor(
    message: string,
    /** Whether there is no `APP_SECRET` at all, as in a fresh clone. */
    readonly isSecretMissing = false,
  ) {
    super(message)
  }
}

const parsed = new WeakMap<Bindings, Config>()

/** Validated once in an isolate. Throws `ConfigError`. */
export function configOf(env: Bindings): Config {
  const cached = parsed.get(env)
  if (cached) return cached
  const result = Variables.safeParse(env)
  const problems = [...(result.success ? [] : problemsIn(result.error)), ...originProblems(env)]
  if (!result.success || problems.length > 0)
    throw new ConfigError(`The service is not configured: ${problems.join('; ')}`, !env.APP_SECRET)
  const config: Config = {
    tokenTtlSeconds: result.data.TOKEN_TTL_SECONDS,
    rateLimits: { standard: result.data.RATE_LIMIT_STANDARD, premium: result.data.RATE_LIMIT_PREMIUM },
    publicOrigin: result.data.PUBLIC_ORIGIN || null,
    securityContact: result.data.SECURITY_CONTACT || null,
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

/** The current key and, after a rotation, the previous one. */
export function verificationKeys(config: Config, purpose: keyof DerivedKeys): Buffer[] {
  return config.previousKeys ? [config.keys[purpose], config.previousKeys[purpose]] : [config.keys[purpose]]
}
