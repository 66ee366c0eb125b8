import { z } from 'zod'
import { literal } from '../lib/sql-text.ts'
import type { StoredRow, Table } from './backup-file.ts'
import type { ResultRow } from './statement.ts'
import type { Steps } from './steps.ts'

/** Reads a database of any size, a page at a time, with SQL that D1 allows. */

export type RunQuery = (query: string) => ResultRow[]

const ROWS_PER_PAGE = 1_000
const BYTES_PER_PAGE = 4_000_000

const Column = z.object({ table: z.string(), name: z.string(), type: z.string(), pk: z.number() })
const Reference = z.object({ child: z.string(), id: z.number(), parent: z.string(), from: z.string(), to: z.string() })

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Tables of the service and of its migrations, without those of SQLite, D1 and full-text indexes. */
const IS_SERVICE_TABLE = `l.schema = 'main' AND l.type = 'table' AND l.name NOT GLOB 'sqlite_*' AND l.name NOT GLOB '_cf_*'`

/** Parents first. Throws if a column has a type that JSON cannot represent. */
export function findTables(runQuery: RunQuery): Table[] {
  const columns = runQuery(`SELECT l.name AS "table", c.name, c.type, c.pk
    FROM pragma_table_list l JOIN pragma_table_xinfo(l.name) c WHERE ${IS_SERVICE_TABLE} AND c.hidden = 0 ORDER BY l.name, c.cid`)
  const references = runQuery(`SELECT l.name AS child, f.id, f."table" AS parent, f."from", f."to"
    FROM pragma_table_list l JOIN pragma_foreign_key_list(l.name) f WHERE ${IS_SERVICE_TABLE} ORDER BY l.name, f.id, f.seq`)
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
  const unsupported = columns.find(({ type }) => type === 'BLOB')
  if (unsupported) throw new Error(`${name}.${unsupported.name} holds bytes, which a backup can not hold.`)
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
 * Tables and indexes before the rows are loaded; views, full-text indexes and triggers after them, so that no trigger
 * runs for a loaded row.
 */
export function findSchema(runQuery: RunQuery): { before: string[]; after: string[] } {
  const found = runQuery(`SELECT s.type, s.sql FROM sqlite_schema s
    LEFT JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name
    WHERE s.sql IS NOT NULL AND s.name NOT GLOB 'sqlite_*' AND s.name NOT GLOB '_cf_*' AND coalesce(l.type, '') <> 'shadow'
    ORDER BY s.rowid`)
  const of = (wanted: string) => found.filter(({ type }) => type === wanted).map((row) => String(row.sql))
  const isVirtual = (statement: string) => /^CREATE VIRTUAL/i.test(statement)
  const virtual = of('table').filter(isVirtual)
  const rebuilds = virtual.flatMap((statement) => {
    const [, name] = /^CREATE VIRTUAL TABLE\s+[`"]?(\w+)[`"]?\s+USING\s+fts5/i.exec(statement) ?? []
    if (name === undefined) return []
    return [
      `INSERT INTO ${quoted(name)} (${quoted(name)}) VALUES ('rebuild')`,
      `INSERT INTO ${quoted(name)} (${quoted(name)}, rank) VALUES ('secure-delete', 1)`,
    ]
  })
  return {
    before: [...of('table').filter((statement) => !isVirtual(statement)), ...of('index')],
    after: [...of('view'), ...virtual, ...rebuilds, ...of('trigger')],
  }
}

export function findMigrations(runQuery: RunQuery): string[] {
  return runQuery('SELECT name FROM d1_migrations ORDER BY id').map(({ name }) => String(name))
}

/** In the order of the key, in pages of at most 4 MB. */
export function* readTable(runQuery: RunQuery, table: Table): Generator<StoredRow> {
  let after: StoredRow | null = null
  while (true) {
    const page = runQuery(pageOf(table, after))
    for (const row of page) yield table.columns.map((column) => row[column] ?? null)
    const last = page.at(-1)
    const isAll = page.length < ROWS_PER_PAGE && last?.['~found'] === page.length
    if (!last || isAll) return
    after = table.key.map((column) => last[column] ?? null)
  }
}

/** Counts the rows of a table in the order of its key. */
export function* countRows({ name, key }: Table): Steps<number> {
  const order = key.map(quoted).join(', ')
  let count = 0
  for (let where = ''; ; ) {
    const page = `SELECT ${order} FROM ${quoted(name)} ${where} ORDER BY ${order} LIMIT ${ROWS_PER_PAGE}`
    const [[row] = []] = yield [`${page} OFFSET ${ROWS_PER_PAGE - 1}`]
    if (!row) {
      const [[rest] = []] = yield [`SELECT count(*) AS n FROM (${page})`]
      return count + Number(rest?.n)
    }
    count += ROWS_PER_PAGE
    where = `WHERE (${order}) > (${key.map((column) => literal(row[column] ?? null)).join(', ')})`
  }
}

/** Returns the rows that fit, and their number without the limit of bytes. */
function pageOf({ name, columns, key }: Table, after: StoredRow | null): string {
  const all = columns.map(quoted).join(', ')
  const order = key.map(quoted).join(', ')
  const bytes = columns.map((column) => `coalesce(length(CAST(${quoted(column)} AS BLOB)), 0)`).join(' + ')
  const afterKey = after === null ? '' : `WHERE (${order}) > (${after.map((value) => literal(value)).join(', ')})`
  return `SELECT ${all}, "~found" FROM (
      SELECT ${all}, count(*) OVER () AS "~found",
        sum("~bytes") OVER (ORDER BY ${order} ROWS UNBOUNDED PRECEDING) - "~bytes" AS "~before"
      FROM (SELECT ${all}, ${bytes} AS "~bytes" FROM ${quoted(name)} ${afterKey} ORDER BY ${order} LIMIT ${ROWS_PER_PAGE}))
    WHERE "~before" < ${BYTES_PER_PAGE} ORDER BY ${order}`
}
