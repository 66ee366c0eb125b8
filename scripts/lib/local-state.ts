import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { delimiter, dirname, resolve } from 'node:path'

export const ROOT = `${resolve(import.meta.dirname, '../..')}/`

/** `TICKETING_STATE` names another folder. */
export function stateFolder(): string {
  return process.env.TICKETING_STATE ?? `${ROOT}.wrangler/state`
}

const WRANGLER = `${ROOT}node_modules/wrangler/bin/wrangler.js`

/** Bytes: twice a page of a backup, because of JSON escapes. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** Keeps wrangler from using the network, and from unnecessary output. */
export const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_METRICS: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
}

/** Node's compile cache of wrangler, which saves a fifth of its start. */
export const COMPILE_CACHE = `${ROOT}node_modules/.cache/node`

/** Wrangler's build step must find the Node that runs this, not another version on the machine. */
function environment(): NodeJS.ProcessEnv {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  return { NODE_COMPILE_CACHE: COMPILE_CACHE, ...process.env, ...QUIET, PATH }
}

/**
 * Runs a wrangler command without prompts. Throws with its output if it fails, but without its arguments, which may be
 * secret.
 */
export function runWrangler(args: string[]): string {
  const result = spawnSync(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...environment(), CI: '1' },
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  })
  if (result.status !== 0)
    throw new Error(`wrangler ${args.slice(0, 2).join(' ')} failed:\n${result.stdout}${result.stderr}`)
  return result.stdout
}

export function startWrangler(args: string[], output: 'inherit' | 'pipe'): ChildProcess {
  return spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', output, output],
  })
}
