import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEdge } from '../../../quality/edge/proxy/edge.ts'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import { SECRET_PATTERNS } from '../secret-patterns.ts'

export interface RunningServer {
  origin: string
  /** The ID of its process group, if it has one of its own. */
  group: number
  output(): string
  /** Like Ctrl-C. Throws if the server has printed a token, key, secret or signature. */
  stop(): Promise<void>
  /** Kills all processes of its group, like a power failure. Throws like `stop`. */
  kill(): Promise<void>
}

interface StartOptions {
  /** Values of variables in wrangler.toml. */
  variables?: Record<string, string>
  arguments?: string[]
  /** Required for `kill`. */
  ownGroup?: boolean
}

export function temporaryState(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Below the ephemeral ports of the system. */
const PORTS = { from: 10_000, to: 30_000 }

/** Throws if no port is free. */
export async function freePort(): Promise<number> {
  for (let attempts = 0; attempts < 100; attempts += 1) {
    const port = randomInt(PORTS.from, PORTS.to)
    if (!(await isListenedOn(port))) return port
  }
  throw new Error(`no port from ${PORTS.from} to ${PORTS.to} is free`)
}

/** What `npm start` writes into a new .dev.vars; an older file may lack it. */
const DEVELOPMENT = { ALLOW_PRIVATE_WEBHOOKS: 'true' }

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

/**
 * Waits until the server is ready. Throws with its output if it exits. With THROUGH_EDGE, the port is that of an edge in
 * front of the server (quality/edge).
 */
export async function startServer(port: number, state: string, options: StartOptions = {}): Promise<RunningServer> {
  if (!process.env.THROUGH_EDGE) return startDirectly(port, state, options)
  return withEdge(port, await startDirectly(await freePort(), state, options))
}

/** Puts an edge on a port in front of a server. It is closed with the server. */
export async function withEdge(port: number, server: RunningServer): Promise<RunningServer> {
  const edge = await startEdge(port, Number(new URL(server.origin).port))
  return {
    ...server,
    origin: edge.origin,
    output: () => server.output().replaceAll(server.origin, edge.origin),
    stop: () => server.stop().finally(edge.close),
    kill: () => server.kill().finally(edge.close),
  }
}

async function startDirectly(port: number, state: string, options: StartOptions): Promise<RunningServer> {
  for (let attempts = 1; ; attempts += 1)
    try {
      return await tryToStart(port, state, options)
    } catch (error) {
      // Miniflare briefly releases its own ports and binds them again.
      if (attempts === 3 || !String(error).includes('Address already in use')) throw error
    }
}

async function tryToStart(port: number, state: string, options: StartOptions): Promise<RunningServer> {
  const child = spawnStart(port, state, options)
  const killGroup = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL')
  if (options.ownGroup) killOnExit(child, killGroup)
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
      assertNoSecrets(output)
    },
    kill: async () => {
      killGroup()
      await ended
      while (await isListenedOn(port)) await sleep(20)
      assertNoSecrets(output)
    },
  }
}

function assertNoSecrets(output: string): void {
  const leak = SECRET_PATTERNS.find((pattern) => pattern.test(output))
  if (leak) throw new Error(`the server has printed something secret (${leak}):\n${output}`)
}

/** A process group of its own gets no Ctrl-C and survives this process. */
function killOnExit(child: ChildProcess, killGroup: () => void): void {
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
