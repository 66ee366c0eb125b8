import { runWrangler, stateFolder } from '../lib/local-state.ts'
import type { ResultRow } from './statement.ts'

/** The database that a command works on: the local one, or with `--remote` the one that is deployed. */
export interface Database {
  readonly isRemote: boolean
  /** Runs statements as one transaction; gives the rows of each. Throws with the database's own words. */
  run(...statements: string[]): ResultRow[][]
}

export function openDatabase(remote: boolean): Database {
  const where = remote ? ['--remote', '--yes'] : ['--local', '--persist-to', stateFolder()]
  return {
    isRemote: remote,
    run: (...statements) => {
      const args = ['d1', 'execute', 'DB', ...where, '--json', '--command', statements.join(';\n')]
      return parseResults(withAdvice(() => runWrangler(args)))
    },
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
