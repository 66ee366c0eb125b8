import { Column, sql as drizzleSql, getTableName, SQL, StringChunk, Table } from 'drizzle-orm'

export type { SQL } from 'drizzle-orm'

const constants = new WeakMap<object, string>()

/**
 * SQL without values that is the same for every request: `sql` renders it into the templates that contain it only once. Call it
 * when a module is loaded, because a template that gets another constant than at first is slow. The text is not escaped, so it
 * must not contain anything of a request. The type is not checked.
 */
export function constantSql<T>(text: string): SQL<T> {
  const constant = drizzleSql.raw(text) as SQL<T>
  constants.set(constant, text)
  return constant
}

/** A template whose constants are part of its text. */
interface Folded {
  /** By their position. */
  constants: [position: number, constant: unknown][]
  /** Text, or the position of a value. */
  chunks: (StringChunk | number)[]
}

const templates = new WeakMap<TemplateStringsArray, Folded>()

/**
 * Drizzle's `sql`, which renders tables, columns and other constants of a template only once: otherwise each of them costs two
 * chunks in every request. Where a template has other constants than at first, it is drizzle's.
 */
function tag<T>(strings: TemplateStringsArray, ...values: unknown[]): SQL<T> {
  let template = templates.get(strings)
  if (!template) {
    template = fold(strings, values)
    templates.set(strings, template)
  }
  for (const [position, constant] of template.constants)
    if (values[position] !== constant) return drizzleSql<T>(strings, ...values)
  const chunks: unknown[] = []
  for (const chunk of template.chunks) chunks.push(typeof chunk === 'number' ? values[chunk] : chunk)
  return sqlOf(chunks)
}

/** The constructor of `SQL` would look for a table in each chunk, which only drizzle's own renderer needs. */
function sqlOf<T>(chunks: unknown[]): SQL<T> {
  return Object.assign(new SQL<T>([]), { queryChunks: chunks })
}

/** Also for templates that serve every table, which could only be folded for one. */
function join(queries: readonly unknown[], separator?: SQL): SQL {
  const chunks: unknown[] = []
  for (const query of queries) {
    if (separator && chunks.length > 0) chunks.push(separator)
    chunks.push(query)
  }
  return sqlOf(chunks)
}

export const sql = Object.assign(tag, { raw: drizzleSql.raw, join })

function fold(strings: TemplateStringsArray, values: unknown[]): Folded {
  const folded: Folded = { constants: [], chunks: [] }
  let text = strings[0] ?? ''
  for (const [position, value] of values.entries()) {
    const constant = constantText(value)
    if (constant === undefined) {
      folded.chunks.push(new StringChunk(text), position)
      text = ''
    } else {
      folded.constants.push([position, value])
      text += constant
    }
    text += strings[position + 1] ?? ''
  }
  if (text !== '') folded.chunks.push(new StringChunk(text))
  return folded
}

function constantText(value: unknown): string | undefined {
  if (value instanceof Column) return value.name
  if (value instanceof Table) return getTableName(value)
  return typeof value === 'object' && value !== null ? constants.get(value) : undefined
}
