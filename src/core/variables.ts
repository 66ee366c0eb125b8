import { z } from 'zod'

const SECRET_BYTES = 32

const count = (fallback: number, max: number) => {
  const rule = `must be a whole number from 1 to ${withCommas(max)}`
  return z.coerce.number({ error: rule }).int(rule).positive(rule).max(max, rule).default(fallback)
}

const DAY = 24 * 60 * 60
/** In seconds. Events have expired by then. */
const MAX_RETRY_DELAY = 30 * DAY
const MAX_RETRIES = 50
/** Cloudflare ends what a queue consumer does 30 s after it has returned: the attempt would be repeated without a record. */
const MAX_WEBHOOK_TIMEOUT_MS = 20_000

/** In seconds, as recommended by https://www.standardwebhooks.com, "Retry schedule". */
const RETRY_SCHEDULE = '5,300,1800,7200,18000,36000,50400,72000,86400'
const SCHEDULE_RULE = `must be up to ${MAX_RETRIES} whole numbers of seconds, each at most ${withCommas(MAX_RETRY_DELAY)}, with commas between them`

/** https://developers.cloudflare.com/durable-objects/reference/data-location/ */
const JURISDICTIONS = ['', 'eu', 'fedramp'] as const

const ENVIRONMENTS = ['development', 'staging', 'production'] as const

const Secret = z
  .string({ error: `must be set, to ${SECRET_BYTES} random bytes or more` })
  .refine((secret) => Buffer.byteLength(secret) >= SECRET_BYTES, `must be at least ${SECRET_BYTES} bytes`)

export const Variables = z.object({
  APP_SECRET: Secret,
  APP_SECRET_PREVIOUS: Secret.optional(),
  ALLOW_SIGNUP: flag(),
  ALLOW_PRIVATE_WEBHOOKS: flag(),
  WEBHOOK_RETRY_SCHEDULE: z.string().default(RETRY_SCHEDULE).refine(isRetrySchedule, SCHEDULE_RULE),
  WEBHOOK_TIMEOUT_MS: count(15_000, MAX_WEBHOOK_TIMEOUT_MS),
  EVENT_RETENTION_DAYS: count(30, 10 * 365),
  TOKEN_TTL_SECONDS: count(30 * DAY, 365 * DAY),
  RATE_LIMIT_STANDARD: count(100, 1_000_000),
  RATE_LIMIT_PREMIUM: count(300, 1_000_000),
  ENVIRONMENT: z.enum(ENVIRONMENTS, { error: `must be one of: ${ENVIRONMENTS.join(', ')}` }).default('development'),
  OBJECT_JURISDICTION: z.enum(JURISDICTIONS, { error: 'must be eu, fedramp or empty' }).default(''),
  PUBLIC_ORIGIN: z
    .string()
    .default('')
    .refine((origin) => origin === '' || isWebOrigin(origin), 'must be an origin such as https://api.example.com'),
  SECURITY_CONTACT: z
    .string()
    .default('')
    .refine(
      (contact) => contact === '' || isContact(contact),
      'must be a URL that begins with https:, mailto: or tel:',
    ),
})

function isContact(text: string): boolean {
  return /^(https|mailto|tel):[!-~]+$/.test(text) && URL.canParse(text)
}

/** As `toLocaleString`, which loads the data of languages at the start of each isolate. */
function withCommas(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3}){1,5}$)/g, ',')
}

function isRetrySchedule(text: string): boolean {
  const delays = text.split(',')
  return (
    delays.length <= MAX_RETRIES && delays.every((delay) => /^\d{1,8}$/.test(delay) && Number(delay) <= MAX_RETRY_DELAY)
  )
}

function isWebOrigin(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && url.origin === text
}

function flag() {
  return z.enum(['true', 'false'], { error: 'must be true or false' }).default('false')
}

/**
 * Without an origin, absolute URLs and the URL check of webhooks would trust the `Host` header, and plain HTTP would be served.
 * A text that is not an origin is reported by `Variables`.
 */
export function originProblems(variables: { ENVIRONMENT?: unknown; PUBLIC_ORIGIN?: unknown }): string[] {
  const { ENVIRONMENT, PUBLIC_ORIGIN = '' } = variables
  const isDeployed = ENVIRONMENT === 'staging' || ENVIRONMENT === 'production'
  const isOrigin = typeof PUBLIC_ORIGIN === 'string' && (PUBLIC_ORIGIN === '' || isWebOrigin(PUBLIC_ORIGIN))
  if (!isDeployed || !isOrigin || PUBLIC_ORIGIN.startsWith('https:')) return []
  return [`PUBLIC_ORIGIN must be set to the https origin of the service, because ENVIRONMENT is ${ENVIRONMENT}`]
}

/** One sentence for each problem, without values. Ignores secrets. */
export function variableProblems(variables: Record<string, unknown>): string[] {
  const result = Variables.omit({ APP_SECRET: true, APP_SECRET_PREVIOUS: true }).safeParse(variables)
  return [...(result.success ? [] : problemsIn(result.error)), ...originProblems(variables)]
}

export function problemsIn(error: z.ZodError): string[] {
  return error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`)
}
