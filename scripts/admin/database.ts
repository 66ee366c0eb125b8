import { openLocalFile, rowsOf } from '../lib/local-file.ts'
import { runWrangler } from '../lib/local-state.ts'
import type { ResultRow } from './statement.ts'

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
    // A running server goes on writing while this only reads.
    file.exec(writes ? 'BEGIN IMMEDIATE' : 'BEGIN')
    const results = statements.map((statement) => rowsOf(file, statement))
    file.exec('COMMIT')
    return results
  } finally {
    // What was not committed is rolled back.
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

/** The arguments of a wrangler command that works on what is deployed in an environment. */
export function deployedIn(environment: string | null): string[] {
  return ['--remote', ...(environment === null ? [] : ['--env', environment])]
}

function withAdvice<T>(run: () => T): T {
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
