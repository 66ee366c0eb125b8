import { existsSync, readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { unstable_readConfig } from 'wrangler'
import { ROOT } from '../lib/local-state.ts'
import type { SecretSettings } from './reencrypt.ts'

const DEFAULT_TTL_SECONDS = 30 * 24 * 60 * 60

/**
 * From `.dev.vars` for the local server; from the command's environment for a deployed one, because deployed secrets
 * cannot be read. Throws if one is missing.
 */
export function readSecrets(environment: string | null = null): SecretSettings {
  const file = `${ROOT}.dev.vars`
  const local = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}
  const isDeployed = environment !== null
  const source = isDeployed ? process.env : local
  const current = source.APP_SECRET
  if (!current)
    throw new Error(
      isDeployed
        ? 'Set APP_SECRET (and APP_SECRET_PREVIOUS) in the environment of this command to the deployed values.'
        : 'There is no APP_SECRET in .dev.vars. npm start creates one.',
    )
  const { vars } = unstable_readConfig({ config: `${ROOT}wrangler.toml`, ...(isDeployed && { env: environment }) })
  const ttl = Number(source.TOKEN_TTL_SECONDS ?? vars.TOKEN_TTL_SECONDS ?? DEFAULT_TTL_SECONDS)
  return { current, previous: source.APP_SECRET_PREVIOUS || null, tokenTtlSeconds: ttl }
}
