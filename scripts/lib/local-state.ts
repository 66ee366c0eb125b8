import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { delimiter, dirname, resolve } from 'node:path'

export const ROOT = `${resolve(import.meta.dirname, '../..')}/`

/** Where the local database, files and objects live; `TICKETING_STATE` names another folder. */
export function stateFolder(): string {
  return process.env.TICKETING_STATE ?? `${ROOT}.wrangler/state`
}

const WRANGLER = `${ROOT}node_modules/wrangler/bin/wrangler.js`

/** Bytes: a page of a backup, and as much again for what JSON adds to it. */
const LONGEST_OUTPUT = 64 * 1024 * 1024

/** The environment in which wrangler asks nothing of the network and says little. */
export const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_METRICS: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
}

/** Where Node keeps what it has compiled of wrangler, a fifth of the work of a start. */
export const COMPILED = `${ROOT}node_modules/.cache/node`

/** Wrangler's build step is to find the Node that runs this, and not an older one of the machine. */
function environment(): NodeJS.ProcessEnv {
  const PATH = [dirname(process.execPath), process.env.PATH].join(delimiter)
  return { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...QUIET, PATH }
}

/**
 * Runs a wrangler command to its end without asking anything. Throws with its output when it fails, but without its
 * arguments: they may hold what is not to be shown.
 */
export function runWrangler(args: string[]): string {
  const result = spawnSync(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: { ...environment(), CI: '1' },
    encoding: 'utf8',
    maxBuffer: LONGEST_OUTPUT,
  })
  if (result.status !== 0)
    throw new Error(`wrangler ${args.slice(0, 2).join(' ')} failed:\n${result.stdout}${result.stderr}`)
  return result.stdout
}

/** Starts a wrangler command that goes on until it is told to stop. */
export function startWrangler(args: string[]): ChildProcess {
  return spawn(process.execPath, [WRANGLER, ...args], {
    cwd: ROOT,
    env: environment(),
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}
