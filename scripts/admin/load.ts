import { type BackupRow, type Header, rowsOf, type StoredRow, type Table } from './backup-file.ts'
import { quoted } from './dump.ts'
import { statement as sql } from './statement.ts'

/** Under the 100 KB that D1 allows a statement, with room for what stands around the rows. */
const BYTES_A_STATEMENT = 80_000
/** As many characters as stay under that however they are written: six bytes for a control character. */
const CHARACTERS_A_PIECE = 8_000
/** What a row that is too large for a statement keeps of a text at first. */
const SHORT_TEXT = 200

/** The statements that make the database of a backup out of an empty one, each small enough for D1. */
export async function* statementsOf(file: string, header: Header): AsyncGenerator<string> {
  yield* header.schema.before
  let rows: StoredRow[] = []
  let bytes = 0
  let table: Table | undefined
  for await (const next of rowsOf(file, header)) {
    const { row, appended } = shortened(next)
    const size = literalBytes(row)
    if (table && (table !== next.table || bytes + size > BYTES_A_STATEMENT)) {
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
  yield* SETTLE
  yield* header.schema.after
}

/** Where rows are not of one moment, a counter may be behind what was taken from it. */
const SETTLE = [
  `UPDATE account_state SET
    event_sequence = max(event_sequence, coalesce(
      (SELECT max(sequence) FROM events e WHERE e.account_id = account_state.account_id), 0)),
    ticket_number = max(ticket_number, coalesce(
      (SELECT max(number) FROM tickets t WHERE t.account_id = account_state.account_id), 0))`,
]

/** Inserts rows, but for those whose parent is not there: it was deleted while the backup was made. */
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

/** A row that fits into a statement, and the statements that append what was cut off its texts. */
function shortened({ table, row }: BackupRow): { row: StoredRow; appended: string[] } {
  if (literalBytes(row) <= BYTES_A_STATEMENT) return { row, appended: [] }
  const appended: string[] = []
  const keys = table.key.map((column) => {
    const value = row[table.columns.indexOf(column)] ?? null
    return `${quoted(column)} = ${sql`${value}`}`
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

/** Cuts a text between characters, never inside one of two halves. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (let start = 0; start < text.length; ) {
    const end = start + CHARACTERS_A_PIECE
    const isInside = /[\ud800-\udbff]/.test(text[end - 1] ?? '') && end < text.length
    pieces.push(text.slice(start, isInside ? end - 1 : end))
    start = isInside ? end - 1 : end
  }
  return pieces
}

/** Statement, literal, statement: the names in it are not values. */
function sqlWithName(before: string, value: string, after: string): string {
  return `${before}${sql`${value}`}${after}`
}

function literalBytes(row: StoredRow): number {
  return Buffer.byteLength(sql`${JSON.stringify(row)}`) + 1
}
