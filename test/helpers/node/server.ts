import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import { SECRET_PATTERNS } from '../secret-patterns.ts'

export interface RunningServer {
  origin: string
  /** The ID of its process group, if it has one of its own. */
  group: number
  /** Everything it has printed so far. */
  output(): string
  /** As Ctrl-C does; resolves once the process is gone. Throws if it has printed a token, key, secret or signature. */
  stop(): Promise<void>
  /** As a power cut does: all its processes at once. Only for one that has a group of its own. Throws as `stop` does. */
  kill(): Promise<void>
}

interface StartOptions {
  /** Values for variables of wrangler.toml. */
  variables?: Record<string, string>
  /** Further arguments of `wrangler dev`. */
  arguments?: string[]
  /** Whether its processes make a group, which `kill` ends. */
  ownGroup?: boolean
}

/** A new folder for the state of a server, and how to take it away. */
export function temporaryState(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Below those that the system gives out, so that none of them is taken meanwhile. */
const PORTS = { from: 10_000, to: 30_000 }

/** A port of this machine that nobody listens on. Throws where there seems to be none. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (!(await isListenedOn(port))) return port
  }
  throw new Error(`no port from ${PORTS.from} to ${PORTS.to} is free`)
}

/** What `npm start` writes into a new .dev.vars: that of an earlier version may lack it. */
const DEVELOPMENT = { ALLOW_PRIVATE_WEBHOOKS: 'true' }

/** Runs what `npm start` runs. */
export function spawnStart(
  port: number,
  state: string,
  { variables = {}, arguments: more = [], ownGroup = false }: StartOptions = {},
): ChildProcess {
  const args = Object.entries({ ...DEVELOPMENT, ...variables }).flatMap(([name, value]) => [
    '--var',
    `${name}:${value}`,
  ])
  return spawn(process.execPath, [join(ROOT, 'scripts/start.ts'), ...args, ...more], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), TICKETING_STATE: state },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: ownGroup,
  })
}

/** Starts the real server and waits for its welcome. Throws with its output when it ends instead. */
export async function startServer(port: number, state: string, options: StartOptions = {}): Promise<RunningServer> {
  for (let tries = 1; ; tries += 1)
    try {
      return await tryToStart(port, state, options)
    } catch (error) {
      // Miniflare lets go of ports of its own for a moment, and takes them again.
      if (tries === 3 || !String(error).includes('Address already in use')) throw error
    }
}

async function tryToStart(port: number, state: string, options: StartOptions): Promise<RunningServer> {
  const child = spawnStart(port, state, options)
  const killGroup = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')
  if (options.ownGroup) endWithUs(child, killGroup)
  let output = ''
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const welcomed = new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk
      if (output.includes('Ctrl-C')) resolve()
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${output}`)))
  })
  await welcomed
  return {
    origin: `http://localhost:${port}`,
    group: Number(child.pid),
    output: () => output,
    stop: async () => {
      child.kill('SIGINT')
      await ended
      refuseSecrets(output)
    },
    kill: async () => {
      killGroup()
      await ended
      while (await isListenedOn(port)) await sleep(20)
      refuseSecrets(output)
    },
  }
}

function refuseSecrets(output: string): void {
  const leak = SECRET_PATTERNS.find((pattern) => pattern.test(output))
  if (leak) throw new Error(`the server has printed something secret (${leak}):\n${output}`)
}

/** A group of its own is not told of a Ctrl-C, nor of our end. */
function endWithUs(child: ChildProcess, killGroup: () => void): void {
  process.once('exit', killGroup)
  child.once('exit', () => process.off('exit', killGroup))
}

function isListenedOn(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(port, 'localhost')
    probe.once('error', () => resolve(false))
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
  })
}
