import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  constants,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { unstable_splitSqlQuery } from 'wrangler'
import { ROOT } from '../scripts/lib/local-state.ts'
import type { Bundle } from './build.ts'
import { seedStatements } from './seed-sql.ts'

/** Slow databases are created once and cached. Servers work on copies. */

const CACHE = join(import.meta.dirname, '.cache')
/** A file in the database's folder: the seconds it took to create it. */
const RECORD = 'seconds'

export interface SeededState {
  folder: string
  /** How long it took to create the database, now or in an earlier run. */
  seconds: number
}

export function migrationStatements(root: string): string[] {
  const folder = join(root, 'migrations')
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  return files.sort().flatMap((file) => unstable_splitSqlQuery(readFileSync(join(folder, file), 'utf8')))
}

/**
 * A database with the migrations of the checkout at `root`. Created by the runtime of a bundle that binds it, unless an
 * earlier run has created it with the same statements.
 */
export async function seededState(
  bundle: Bundle,
  size: number,
  report: (share: number) => void,
  root = ROOT,
): Promise<SeededState> {
  const prefix = `${root === ROOT ? '' : 'other-'}${size}-`
  const folder = join(CACHE, `${prefix}${keyOf(size, root)}`)
  if (existsSync(folder)) return { folder, seconds: Number(readFileSync(join(folder, RECORD), 'utf8')) }
  deleteState((name) => name.startsWith(prefix))
  const unfinished = join(CACHE, `unfinished-${process.pid}`)
  mkdirSync(unfinished, { recursive: true })
  const started = performance.now()
  await seed(bundle, size, unfinished, root, report)
  const seconds = Math.round((performance.now() - started) / 1_000)
  writeFileSync(join(unfinished, RECORD), String(seconds))
  renameSync(unfinished, folder)
  return { folder, seconds }
}

/** A new folder for a server, which deletes it. */
export function scratchFolder(name: string): string {
  return join(CACHE, `served-${process.pid}-${name}`)
}

/** A copy for a server, which deletes it. */
export function copyState(folder: string, name: string): string {
  const copy = scratchFolder(name)
  cpSync(join(folder, 'd1'), join(copy, 'd1'), { recursive: true, mode: constants.COPYFILE_FICLONE })
  return copy
}

/** The SQLite file of the database in a folder of state. */
export function databaseFile(folder: string): string {
  const [file] = globSync(`${folder}/d1/**/*.sqlite`, { exclude: (name) => name === 'metadata.sqlite' })
  if (!file) throw new Error(`There is no database in ${folder}`)
  return file
}

/** Deletes files of earlier runs, except for complete databases. */
export function deleteLeftovers(): void {
  deleteState((name) => {
    const pid = /^(?:unfinished|served)-(\d+)/.exec(name)?.[1]
    return pid !== undefined && !isRunning(Number(pid))
  })
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function deleteState(isStale: (name: string) => boolean): void {
  if (!existsSync(CACHE)) return
  for (const name of readdirSync(CACHE).filter(isStale)) rmSync(join(CACHE, name), { recursive: true, force: true })
}

function keyOf(size: number, root: string): string {
  const wrangler = createRequire(import.meta.url)('wrangler/package.json')
  const content = JSON.stringify([wrangler.version, migrationStatements(root), seedStatements(size)])
  return createHash('sha256').update(content).digest('hex').slice(0, 16)
}

async function seed(
  { config, file }: Bundle,
  size: number,
  folder: string,
  root: string,
  report: (share: number) => void,
): Promise<void> {
  const seeder = fork(join(import.meta.dirname, 'seeder.ts'), [config, file, String(size), folder, root], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  seeder.on('message', (share) => report(Number(share)))
  const [code] = await once(seeder, 'exit')
  if (code !== 0) throw new Error(`Making ${size} tickets ended with ${code}`)
}
