import { openLocalFile, rowsOf } from '../lib/local-file.ts'
import { runWrangler } from '../lib/local-state.ts'
import type { ResultRow } from './statement.ts'

/** The local database, or the deployed one with `--remote`. */
export interface Database {
  readonly isRemote: boolean
  /** The environment in wrangler.toml; null for the local database. */
  readonly environment: string | null
  /** Runs statements in one transaction; returns the rows of each. Throws with the database's message. */
  run(...statements: string[]): ResultRow[][]
}

export function openDatabase(deployed: string | null = null): Database {
  const run = deployed === null ? runLocally : runOn(deployed)
  return {
    isRemote: deployed !== null,
    environment: deployed,
    run: (...statements) => withAdvice(() => run(statements)),
  }
}

function runLocally(statements: string[]): ResultRow[][] {
  const writes = !statements.every((statement) => /^\s*SELECT\b/.test(statement))
  const file = openLocalFile({ readOnly: false })
  try {
    // Reading does not block a running server.
    file.exec(writes ? 'BEGIN IMMEDIATE' : 'BEGIN')
    const results = statements.map((statement) => rowsOf(file, statement))
    file.exec('COMMIT')
    return results
  } finally {
    // Rolls back.
    file.close()
  }
}

function runOn(environment: string): (statements: string[]) => ResultRow[][] {
  return (statements) => {
    const command = statements.join(';\n')
    const where = ['--yes', ...deployedIn(environment)]
    const output = runWrangler(['d1', 'execute', 'DB', ...where, '--json', '--command', command])
    return parseResults(output)
  }
}

export function deployedIn(environment: string | null): string[] {
  return ['--remote', ...(environment === null ? [] : ['--env', environment])]
}

function withAdvice<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof Error && error.message.includes('no such table'))
      throw new Error('The database does not exist yet, or needs migrations. npm start creates and migrates it.')
    throw error
  }
}

function parseResults(output: string): ResultRow[][] {
  const results: { results: ResultRow[] }[] = JSON.parse(output)
  return results.map((result) => result.results)
}
