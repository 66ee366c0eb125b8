import { runWrangler, stateFolder } from '../lib/local-state.ts'
import type { ResultRow } from './statement.ts'

const TRIES = 5
const BUSY_MS = 200

/** The database that a command works on: the local one, or with `--remote` the one that is deployed. */
export interface Database {
  readonly isRemote: boolean
  /** The environment of wrangler.toml that it is deployed in; null for the local one. */
  readonly environment: string | null
  /** Runs statements as one transaction; gives the rows of each. Throws with the database's own words. */
  run(...statements: string[]): ResultRow[][]
}

/** Opens the local database, or where an environment of wrangler.toml is named the one that is deployed there. */
export function openDatabase(deployed: string | null = null): Database {
  const where = deployed === null ? ['--local', '--persist-to', stateFolder()] : ['--yes', ...deployedIn(deployed)]
  return {
    isRemote: deployed !== null,
    environment: deployed,
    run: (...statements) => {
      const args = ['d1', 'execute', 'DB', ...where, '--json', '--command', statements.join(';\n')]
      return parseResults(withAdvice(() => patiently(() => runWrangler(args))))
    },
  }
}

/** The arguments of a wrangler command that works on what is deployed in an environment. */
export function deployedIn(environment: string | null): string[] {
  return ['--remote', ...(environment === null ? [] : ['--env', environment])]
}

/** A running server may be writing at this very moment: then nothing was done, and it is tried again. */
function patiently(run: () => string): string {
  for (let tries = 1; ; tries += 1) {
    try {
      return run()
    } catch (error) {
      if (tries === TRIES || !(error instanceof Error && error.message.includes('SQLITE_BUSY'))) throw error
      // Commands run one after the other, and nothing else waits here.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_MS)
    }
  }
}

function withAdvice(run: () => string): string {
  try {
    return run()
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such table'))
      throw new Error('The database is not there yet, or older than this command. npm start makes it, or migrates it.')
    throw error
  }
}

function parseResults(output: string): ResultRow[][] {
  const results: { results: ResultRow[] }[] = JSON.parse(output)
  return results.map((result) => result.results)
}
