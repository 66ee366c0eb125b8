import { z } from 'zod'
import type { StoredRow, Table } from './backup-file.ts'
import { type ResultRow, statement as sql } from './statement.ts'

/** Reads a database of any size, a page at a time, by SQL that D1 allows. */

/** Answers one query. */
export type Ask = (query: string) => ResultRow[]

const ROWS_A_PAGE = 1_000
const BYTES_A_PAGE = 4_000_000

const Column = z.object({ table: z.string(), name: z.string(), type: z.string(), pk: z.number() })
const Reference = z.object({ child: z.string(), id: z.number(), parent: z.string(), from: z.string(), to: z.string() })

/** Quotes a name for SQL. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Tables that hold rows of the service, or of its migrations: not those of SQLite, of D1 and of full-text indexes. */
const OWN = `l.schema = 'main' AND l.type = 'table' AND l.name NOT GLOB 'sqlite_*' AND l.name NOT GLOB '_cf_*'`

/** All tables, parents before what refers to them. Throws where a column is of a type that JSON does not hold. */
export function findTables(ask: Ask): Table[] {
  const columns = ask(`SELECT l.name AS "table", c.name, c.type, c.pk
    FROM pragma_table_list l JOIN pragma_table_xinfo(l.name) c WHERE ${OWN} AND c.hidden = 0 ORDER BY l.name, c.cid`)
  const references = ask(`SELECT l.name AS child, f.id, f."table" AS parent, f."from", f."to"
    FROM pragma_table_list l JOIN pragma_foreign_key_list(l.name) f WHERE ${OWN} ORDER BY l.name, f.id, f.seq`)
  const byTable = Map.groupBy(
    columns.map((row) => Column.parse(row)),
    ({ table }) => table,
  )
  const byChild = Map.groupBy(
    references.map((row) => Reference.parse(row)),
    ({ child }) => child,
  )
  return inOrder([...byTable].map(([name, own]) => tableOf(name, own, byChild.get(name) ?? [])))
}

function tableOf(name: string, columns: z.infer<typeof Column>[], references: z.infer<typeof Reference>[]): Table {
  const odd = columns.find(({ type }) => type === 'BLOB')
  if (odd) throw new Error(`${name}.${odd.name} holds bytes, which a backup can not hold.`)
  const key = columns.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk)
  const own = columns.map((column) => column.name)
  return {
    name,
    columns: key.length > 0 ? own : ['rowid', ...own],
    key: key.length > 0 ? key.map((column) => column.name) : ['rowid'],
    references: [...Map.groupBy(references, ({ id }) => id).values()].map((rows) => ({
      table: rows[0]?.parent ?? '',
      columns: rows.map(({ from }) => from),
      parents: rows.map(({ to }) => to),
    })),
  }
}

function inOrder(tables: Table[]): Table[] {
  const ordered: Table[] = []
  let left = tables
  while (left.length > 0) {
    const ready = left.filter(({ name, references }) =>
      references.every(({ table }) => table === name || !left.some((other) => other.name === table)),
    )
    if (ready.length === 0) throw new Error('Tables refer to each other in a circle.')
    ordered.push(...ready)
    left = left.filter((table) => !ready.includes(table))
  }
  return ordered
}

/**
 * The statements that make the schema: tables and indexes before rows are loaded; views, full-text indexes and, last,
 * triggers after that, so that no trigger fires for a row that is loaded.
 */
export function findSchema(ask: Ask): { before: string[]; after: string[] } {
  const found = ask(`SELECT s.type, s.sql FROM sqlite_schema s
    LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name
    WHERE s.sql IS NOT NULL AND s.name NOT GLOB 'sqlite_*' AND s.name NOT GLOB '_cf_*' AND coalesce(l.type, '') <> 'shadow'
    ORDER BY s.rowid`)
  const of = (wanted: string) => found.filter(({ type }) => type === wanted).map((row) => String(row.sql))
  const isVirtual = (statement: string) => /^CREATE VIRTUAL/i.test(statement)
  const virtual = of('table').filter(isVirtual)
  const rebuilds = virtual.flatMap((statement) => {
    const [, name] = /^CREATE VIRTUAL TABLE\s+[`"]?(\w+)[`"]?\s+USING\s+fts5/i.exec(statement) ?? []
    return name === undefined ? [] : [`INSERT INTO ${quoted(name)} (${quoted(name)}) VALUES ('rebuild')`]
  })
  return {
    before: [...of('table').filter((statement) => !isVirtual(statement)), ...of('index')],
    after: [...of('view'), ...virtual, ...rebuilds, ...of('trigger')],
  }
}

/** The migrations that the database has seen. */
export function findMigrations(ask: Ask): string[] {
  return ask('SELECT name FROM d1_migrations ORDER BY id').map(({ name }) => String(name))
}

/** The rows of a table in the order of its key, a page of at most 4 MB at a time. */
export function* readTable(ask: Ask, table: Table): Generator<StoredRow> {
  let after: StoredRow | null = null
  while (true) {
    const page = ask(pageOf(table, after))
    for (const row of page) yield table.columns.map((column) => row[column] ?? null)
    const last = page.at(-1)
    const isAll = page.length < ROWS_A_PAGE && last?.['~found'] === page.length
    if (!last || isAll) return
    after = table.key.map((column) => last[column] ?? null)
  }
}

/** The next rows, as many as fit, and how many there would be without that. */
function pageOf({ name, columns, key }: Table, after: StoredRow | null): string {
  const all = columns.map(quoted).join(', ')
  const order = key.map(quoted).join(', ')
  const bytes = columns.map((column) => `coalesce(length(CAST(${quoted(column)} AS BLOB)), 0)`).join(' + ')
  const beyond = after === null ? '' : `WHERE (${order}) > (${after.map((value) => sql`${value}`).join(', ')})`
  return `SELECT ${all}, "~found" FROM (
      SELECT ${all}, count(*) OVER () AS "~found",
        sum("~bytes") OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - "~bytes" AS "~before"
      FROM (SELECT ${all}, ${bytes} AS "~bytes" FROM ${quoted(name)} ${beyond} ORDER BY ${order} LIMIT ${ROWS_A_PAGE}))
    WHERE "~before" < ${BYTES_A_PAGE} ORDER BY ${order}`
}
