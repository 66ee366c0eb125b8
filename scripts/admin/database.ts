import { runWrangler, stateFolder } from '../lib/local-state.ts'

export type Value = string | number | null
export type ResultRow = Record<string, Value>

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

/** SQL with its values written as literals, for `wrangler d1 execute` binds no parameters. */
export function statement(parts: TemplateStringsArray, ...values: Value[]): string {
  return parts.reduce((text, part, index) => text + literal(values[index - 1] ?? null) + part)
}

function literal(value: Value): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (value.includes('\0')) throw new Error('A value must not hold NUL.')
  return `'${value.replaceAll("'", "''")}'`
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
