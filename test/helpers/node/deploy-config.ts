import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EnvironmentConfig, readEnvironment } from '../../../scripts/deploy/config.ts'
import { ROOT } from '../../../scripts/lib/local-state.ts'

export const HOST = 'tickets.acme.dev'

export type Replacement = readonly [from: string | RegExp, to: string]

/** What an operator fills in. */
export const FILLED_IN: readonly Replacement[] = [
  ['00000000-0000-0000-0000-000000000000', '5a4fd6b1-8f0c-4f0a-9f63-0c9b1f6f4f11'],
  ['PUBLIC_ORIGIN = ""', `PUBLIC_ORIGIN = "https://${HOST}"`],
  ['ticketing-production.example.com', HOST],
]

export function configWith(replacements: readonly Replacement[]): string {
  const SECTION = '[env.production]\n'
  const [others, section = ''] = readFileSync(`${ROOT}wrangler.toml`, 'utf8').split(SECTION)
  const changed = replacements.reduce((text, [from, to]) => {
    const result = text.replace(from, to)
    if (result === text) throw new Error(`wrangler.toml does not have ${from}`)
    return result
  }, section)
  return `${others}${SECTION}${changed}`
}

export function environmentWith(...replacements: readonly Replacement[]): EnvironmentConfig {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-deploy-'))
  try {
    writeFileSync(join(folder, 'wrangler.toml'), configWith(replacements))
    return readEnvironment('production', join(folder, 'wrangler.toml'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export const READY = environmentWith(...FILLED_IN)

/** Sends all network traffic to a closed port. Wrangler would warn about the proxy. */
export const OFFLINE = { HTTPS_PROXY: 'http://localhost:9', CLOUDFLARE_API_TOKEN: '', WRANGLER_LOG: 'error' }

export function runDeploy(root: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'scripts/deploy.ts'), ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...OFFLINE },
  })
  return { status, out: stdout, err: stderr.trim() }
}
