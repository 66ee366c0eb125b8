import { type Column, getTableName } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { alias } from '../../src/db/alias.ts'
import { accountCounters } from '../../src/db/schema/accounts.ts'
import { tickets } from '../../src/db/schema/tickets.ts'
import { events } from '../../src/db/schema/webhooks.ts'
import { oldTicketSearch, ticketSearch } from '../../src/db/search-table.ts'
import { type SQL, sql } from '../../src/db/sql.ts'
import { update } from '../../src/db/write.ts'
import { literal, sqlText } from '../lib/sql-text.ts'
import { type BackupRow, type Header, rowsOf, type StoredRow, type Table } from './backup-file.ts'
import { quoted } from './dump.ts'

/** Less than the 100 KB that D1 allows per statement, with room for SQL around the rows. */
const BYTES_PER_STATEMENT = 80_000
/** Stays below the limit for any content: a control character takes six bytes. */
const CHARACTERS_PER_PIECE = 8_000
/** Rows that a statement after the load changes. */
const ROWS_PER_RANGE = 1_000
/** Characters of a text that remain in a row that is too large for a statement. */
const SHORT_TEXT = 200

/** Statements that restore a backup into an empty database, each small enough for D1. */
export async function* statementsOf(file: string, header: Header): AsyncGenerator<string> {
  yield* header.schema.before
  let rows: StoredRow[] = []
  let bytes = 0
  let table: Table | undefined
  const accountIds = new Boundaries(accountCounters, accountCounters.accountId)
  const rowIds = new Boundaries(tickets, tickets.rowId)
  for await (const next of rowsOf(file, header)) {
    accountIds.add(next)
    rowIds.add(next)
    const { row, appended } = shortened(next)
    const size = literalBytes(row)
    if (table && (table !== next.table || bytes + size > BYTES_PER_STATEMENT)) {
      yield insert(table, rows)
      rows = []
      bytes = 0
    }
    table = next.table
    rows.push(row)
    bytes += size
    if (appended.length === 0) continue
    yield insert(table, rows)
    yield* appended
    rows = []
    bytes = 0
  }
  if (table && rows.length > 0) yield insert(table, rows)
  yield* accountIds.ranges().map(raiseCounters)
  for (const statement of header.schema.after)
    if (statement === rebuildOf(ticketSearch)) yield* rowIds.ranges().map(indexTickets)
    else if (statement === rebuildOf(oldTicketSearch)) yield* rowIds.ranges().map(indexInOldSearch)
    else yield statement
}

/** Splits a table into ranges by the keys of its rows, which come in order. */
class Boundaries {
  private readonly keys: StoredRow = []
  private rows = 0
  private readonly name: string
  private readonly column: Column

  constructor(table: SQLiteTable, column: Column) {
    this.name = getTableName(table)
    this.column = column
  }

  add({ table, row }: BackupRow): void {
    if (table.name !== this.name) return
    this.rows += 1
    if (this.rows % ROWS_PER_RANGE === 0) this.keys.push(row[table.columns.indexOf(this.column.name)] ?? null)
  }

  /** Conditions, which together match all rows. */
  ranges(): SQL[] {
    return [null, ...this.keys].map((after, index) => {
      const upTo = this.keys[index]
      const isAfter = after === null ? sql`true` : sql`${this.column} > ${after}`
      return upTo === undefined ? isAfter : sql`${isAfter} AND ${this.column} <= ${upTo}`
    })
  }
}

/** As `findSchema` writes it: one statement for all tickets, which takes longer than D1 allows. */
function rebuildOf(index: SQLiteTable): string {
  return sqlText(sql`INSERT INTO "${index}" ("${index}") VALUES ('rebuild')`)
}

function indexTickets(isWithin: SQL): string {
  const { rowId, title, description, creator } = ticketSearch
  return sqlText(sql`INSERT INTO ${ticketSearch} (${rowId}, ${title}, ${description}, ${creator})
    SELECT ${tickets.searchId}, ${title}, ${description}, ${creator} FROM ticket_tokens WHERE ${isWithin}`)
}

/** The database may still be filling the other index. */
function indexInOldSearch(isWithin: SQL): string {
  const { rowId, title, description, scope } = oldTicketSearch
  return sqlText(sql`INSERT INTO ${oldTicketSearch} (${rowId}, ${title}, ${description}, ${scope})
    SELECT ${tickets.rowId}, ${title}, ${description}, ${scope} FROM tickets_search WHERE ${isWithin}`)
}

const e = alias(events, 'e')
const t = alias(tickets, 't')

/** Without a consistent snapshot, a counter may be behind the numbers that were taken from it. */
function raiseCounters(isWithin: SQL): string {
  return sqlText(
    update(
      accountCounters,
      {
        eventSequence: atLeast(accountCounters.eventSequence, sql`max(${e.sequence}) FROM ${e} WHERE ${e.accountId}`),
        ticketNumber: atLeast(accountCounters.ticketNumber, sql`max(${t.number}) FROM ${t} WHERE ${t.accountId}`),
      },
      isWithin,
    ),
  )
}

/** A counter, or a greater number that rows of its account have. */
function atLeast(counter: Column, found: SQL): SQL<number> {
  const accountId = sql`${accountCounters}.${accountCounters.accountId}`
  return sql`max(${counter}, coalesce((SELECT ${found} = ${accountId}), 0))`
}

/** Skips rows without a parent, which was deleted during the backup. */
function insert(table: Table, rows: StoredRow[]): string {
  if (rows.length === 0) return 'SELECT 1'
  const columns = table.columns.map(quoted).join(', ')
  const values = table.columns.map((_, index) => `value ->> ${index}`).join(', ')
  const hasParents = table.references.map(({ table: parent, columns: own, parents }) => {
    const equal = parents.map((column, index) => {
      const at = table.columns.indexOf(own[index] ?? '')
      return `p.${quoted(column)} = value ->> ${at}`
    })
    return `EXISTS (SELECT 1 FROM ${quoted(parent)} p WHERE ${equal.join(' AND ')})`
  })
  const where = hasParents.length > 0 ? ` WHERE ${hasParents.join(' AND ')}` : ''
  return sqlWithName(
    `INSERT INTO ${quoted(table.name)} (${columns}) SELECT ${values} FROM json_each(`,
    JSON.stringify(rows),
    `)${where}`,
  )
}

/** A row that fits into a statement, and statements that append the rest of its texts. */
function shortened({ table, row }: BackupRow): { row: StoredRow; appended: string[] } {
  if (literalBytes(row) <= BYTES_PER_STATEMENT) return { row, appended: [] }
  const appended: string[] = []
  const keys = table.key.map((column) => {
    const value = row[table.columns.indexOf(column)] ?? null
    return `${quoted(column)} = ${literal(value)}`
  })
  const short = row.map((value, index) => {
    if (typeof value !== 'string' || value.length <= SHORT_TEXT) return value
    const column = quoted(table.columns[index] ?? '')
    for (const piece of piecesOf(value))
      appended.push(
        sqlWithName(
          `UPDATE ${quoted(table.name)} SET ${column} = ${column} || (`,
          JSON.stringify([piece]),
          ` ->> 0) WHERE ${keys.join(' AND ')}`,
        ),
      )
    return ''
  })
  return { row: short, appended }
}

/** Does not split surrogate pairs. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (let start = 0; start < text.length; ) {
    const end = start + CHARACTERS_PER_PIECE
    const isInside = /[\ud800-\udbff]/.test(text[end - 1] ?? '') && end < text.length
    pieces.push(text.slice(start, isInside ? end - 1 : end))
    start = isInside ? end - 1 : end
  }
  return pieces
}

/** The column name is not a value, so it is not quoted as one. */
function sqlWithName(before: string, value: string, after: string): string {
  return `${before}${literal(value)}${after}`
}

function literalBytes(row: StoredRow): number {
  return Buffer.byteLength(literal(JSON.stringify(row))) + 1
}
