import { SQL } from 'drizzle-orm'
import { render } from '../../src/db/render.ts'
import { sql } from '../../src/db/sql.ts'
import type { Statement } from '../../src/db/statement.ts'

export type Value = string | number | null

/** The text of a statement with literals for its values, because statements for a deployed database cannot bind any. */
export function sqlText(statement: Statement | SQL): string {
  return render(inline('query' in statement ? statement.query : statement)).text
}

function inline(query: SQL): SQL {
  return sql.join(
    query.queryChunks.map((chunk) => {
      if (chunk instanceof SQL) return inline(chunk)
      return isValue(chunk) ? sql.raw(literal(chunk)) : chunk
    }),
  )
}

function isValue(chunk: unknown): chunk is Value {
  return typeof chunk === 'string' || typeof chunk === 'number' || chunk === null
}

export function literal(value: Value): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number') return String(value)
  if (value.includes('\0')) throw new Error('A value must not hold NUL.')
  return `'${value.replaceAll("'", "''")}'`
}
