import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../../../scripts/lib/local-state.ts'

export interface RunningServer {
  origin: string
  /** Everything it has printed so far. */
  output(): string
  /** As Ctrl-C does; resolves once the process is gone. */
  stop(): Promise<void>
}

/** A new folder for the state of a server, and how to take it away. */
export function temporaryState(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, 'localhost')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

/** Runs what `npm start` runs. */
export function spawnStart(port: number, state: string): ChildProcess {
  return spawn(process.execPath, [join(ROOT, 'scripts/start.ts')], {
    cwd: ROOT,
    env: { ...process.env, PORT: String(port), TICKETING_STATE: state },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Starts the real server and waits for its welcome. Throws with its output when it ends instead. */
export async function startServer(port: number, state: string): Promise<RunningServer> {
  const child = spawnStart(port, state)
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
    output: () => output,
    stop: async () => {
      child.kill('SIGINT')
      await ended
    },
  }
}
