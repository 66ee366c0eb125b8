import { z } from 'zod'
import { type EnvironmentConfig, isPlaceholder } from './config.ts'

/** As in wrangler: https://developers.cloudflare.com/workers/wrangler/system-environment-variables/ */
export interface Credentials {
  CLOUDFLARE_API_TOKEN?: string | undefined
  CLOUDFLARE_ACCOUNT_ID?: string | undefined
  CLOUDFLARE_API_BASE_URL?: string | undefined
}

/** What was found, and what could not be found out: a sentence each. */
export interface Findings {
  problems: string[]
  /** The service works with these. */
  warnings: string[]
  unchecked: string[]
}

const BASE_URL = 'https://api.cloudflare.com/client/v4'
const TIMEOUT_MS = 10_000

const Database = z.object({ result: z.object({ read_replication: z.object({ mode: z.string() }).optional() }) })
/** Also what `wrangler secret list` prints. */
export const SecretNames = z.array(z.object({ name: z.string() }))
const Secrets = z.object({ result: SecretNames })

/** Checks the settings that are not in wrangler.toml. Never throws. */
export async function checkCloudflare(config: EnvironmentConfig, credentials: Credentials): Promise<Findings> {
  const api = clientFor(credentials)
  const { databases } = config
  const found = await Promise.all([...databases.map((each) => checkDatabase(each, api)), checkSecrets(config, api)])
  return {
    problems: found.flatMap(({ problems }) => problems),
    warnings: found.flatMap(({ warnings }) => warnings),
    unchecked: found.flatMap(({ unchecked }) => unchecked),
  }
}

type Response<T> = { data: T } | { status: number } | { reason: string }
type Client = <T>(path: string, schema: z.ZodType<T>) => Promise<Response<T>>

function clientFor(credentials: Credentials): Client {
  const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = credentials
  const base = credentials.CLOUDFLARE_API_BASE_URL || BASE_URL
  return async (path, schema) => {
    if (!token || !account) return { reason: 'CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID are not set' }
    try {
      const response = await fetch(`${base}/accounts/${encodeURIComponent(account)}/${path}`, {
        headers: { Authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (!response.ok) return { status: response.status }
      const { data } = schema.safeParse(await response.json())
      return data ? { data } : { reason: 'the response of Cloudflare’s API has another form' }
    } catch {
      return { reason: 'Cloudflare’s API cannot be reached' }
    }
  }
}

const NOTHING: Findings = { problems: [], warnings: [], unchecked: [] }

/** https://developers.cloudflare.com/api/resources/d1/subresources/database/methods/get/ */
async function checkDatabase({ name, id }: { name: string; id: string }, api: Client): Promise<Findings> {
  const response = isPlaceholder(id)
    ? { reason: 'database_id is a placeholder' }
    : await api(`d1/database/${encodeURIComponent(id)}`, Database)
  if ('status' in response && response.status === 404)
    return { ...NOTHING, problems: [`The Cloudflare account has no D1 database with the ID ${id}.`] }
  if (!('data' in response)) {
    const unchecked = `whether read replication of ${name} is enabled (permission "D1 Read"): ${reasonOf(response)}`
    return { ...NOTHING, unchecked: [unchecked] }
  }
  if (response.data.result.read_replication?.mode === 'auto') return NOTHING
  const warning = `Read replication of ${name} is disabled: see docs/operations.md, "Read replicas".`
  return { ...NOTHING, warnings: [warning] }
}

/** https://developers.cloudflare.com/api/resources/workers/subresources/scripts/subresources/secrets/methods/list/ */
async function checkSecrets({ name, worker }: EnvironmentConfig, api: Client): Promise<Findings> {
  const response = await api(`workers/scripts/${worker}/secrets`, Secrets)
  if ('data' in response) return { ...NOTHING, problems: secretProblems(name, response.data.result) }
  // The Worker is created with its first secret.
  if ('status' in response && response.status === 404) return { ...NOTHING, problems: secretProblems(name, []) }
  const unchecked = `whether the secret APP_SECRET is set (permission "Workers Scripts Read"): ${reasonOf(response)}`
  return { ...NOTHING, unchecked: [unchecked] }
}

function reasonOf(response: { status: number } | { reason: string }): string {
  return 'reason' in response ? response.reason : `Cloudflare’s API returned ${response.status}`
}

/** A sentence for each reason why these secrets do not allow a deployment. */
export function secretProblems(environment: string, secrets: readonly { name: string }[]): string[] {
  const has = (name: string) => secrets.some((secret) => secret.name === name)
  const problems = []
  // A secret has the same effect as the variable: it would allow webhooks to private IP addresses.
  if (has('ALLOW_PRIVATE_WEBHOOKS'))
    problems.push(
      `ALLOW_PRIVATE_WEBHOOKS must not be a secret: run npx wrangler secret delete ALLOW_PRIVATE_WEBHOOKS --env ${environment}`,
    )
  if (!has('APP_SECRET'))
    problems.push(
      `The secret APP_SECRET is not set: run openssl rand -hex 32 | npx wrangler secret put APP_SECRET --env ${environment}`,
    )
  return problems
}
