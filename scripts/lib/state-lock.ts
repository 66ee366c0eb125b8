import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { stateFolder } from './local-state.ts'
import { identityOf, isRunning } from './processes.ts'

export const LOCK_FILE = 'lock.json'

const Holder = z.object({
  command: z.string(),
  processes: z.array(z.object({ pid: z.number(), started: z.string().nullable() })),
})
type Holder = z.infer<typeof Holder>

export interface StateLock {
  /** The lock lasts until this process has ended as well. */
  addProcess(pid: number): void
  /** Also happens when this process ends. Keeps the lock while an added process runs. */
  release(): void
}

/**
 * Locks the folder of the local data for a command that replaces the data or serves it. Throws while another such command
 * runs, also on its behalf: nothing overrides a live lock. The lock of a process that was killed is taken over.
 */
export function lockState(command: string): StateLock {
  const folder = stateFolder()
  const lock = join(folder, LOCK_FILE)
  const holder: Holder = { command, processes: [identityOf(process.pid)] }
  mkdirSync(folder, { recursive: true })
  while (!create(lock, holder)) {
    const found = read(lock)
    const running = found && findRunning(found.text)
    if (running) throw new Error(`The data in ${folder} is in use by ${running}. Stop it first.`)
    if (found) removeStale(lock, found.text)
  }
  const release = () => {
    process.off('exit', release)
    const [own, ...added] = holder.processes
    if (own && !added.some(isRunning) && read(lock)?.text === textOf(holder)) rmSync(lock, { force: true })
  }
  process.once('exit', release)
  return {
    addProcess: (pid) => {
      holder.processes.push(identityOf(pid))
      writeAtomically(lock, textOf(holder))
    },
    release,
  }
}

const textOf = (holder: Holder) => `${JSON.stringify(holder)}\n`

/** False if there is a lock. A link never shows an incomplete file, and never replaces one. */
function create(lock: string, holder: Holder): boolean {
  const complete = `${lock}.${randomUUID()}`
  writeFileSync(complete, textOf(holder))
  try {
    linkSync(complete, lock)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(complete)
  }
}

/** Another process may take the lock over meanwhile: then this one has moved a lock that is not stale, and moves it back. */
function removeStale(lock: string, text: string): void {
  const moved = `${lock}.${randomUUID()}`
  try {
    renameSync(lock, moved)
  } catch {
    return
  }
  if (read(moved)?.text !== text) linkSync(moved, lock)
  rmSync(moved)
}

function read(file: string): { text: string } | null {
  try {
    return { text: readFileSync(file, 'utf8') }
  } catch {
    return null
  }
}

/** The command and its process, if one still runs. A file that cannot be read as a lock is stale. */
function findRunning(text: string): string | null {
  const holder = parse(text)
  const running = holder?.processes.find(isRunning)
  return holder && running ? `${holder.command} (process ${running.pid})` : null
}

function parse(text: string): Holder | null {
  try {
    return Holder.parse(JSON.parse(text))
  } catch {
    return null
  }
}

function writeAtomically(file: string, text: string): void {
  const complete = `${file}.${randomUUID()}`
  writeFileSync(complete, text)
  renameSync(complete, file)
}
