import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'

/**
 * The format of a backup: gzipped lines of JSON. The header, then each table's name and its rows as arrays, parents
 * first, then an end line, without which the file is incomplete.
 */

export const FORMAT = 'ticketing-backup'
export const FORMAT_VERSION = 1

const Value = z.union([z.string(), z.number(), z.null()])
export type StoredRow = z.infer<typeof Value>[]

const Reference = z.object({ table: z.string(), columns: z.array(z.string()), parents: z.array(z.string()) })

const Table = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  /** The columns that identify and order the rows. */
  key: z.array(z.string()),
  references: z.array(Reference),
})
export type Table = z.infer<typeof Table>

export const Header = z.object({
  format: z.literal(FORMAT),
  version: z.literal(FORMAT_VERSION),
  made_at: z.string(),
  source: z.enum(['local', 'remote']),
  /** Of D1's Time Travel, from before the first row was read; null for the local database. */
  bookmark: z.string().nullable(),
  migrations: z.array(z.string()),
  /** Statements to run before and after the rows are loaded. */
  schema: z.object({ before: z.array(z.string()), after: z.array(z.string()) }),
  tables: z.array(Table),
})
export type Header = z.infer<typeof Header>

const TableMark = z.object({ table: z.string() })

const End = z.object({
  end: z.object({
    rows: z.record(z.string(), z.number()),
    /** Whether the database was written to while the rows were read, so that they are not a consistent snapshot. */
    moved: z.boolean(),
    /** SHA-256 of all lines before this one. */
    sha256: z.string(),
  }),
})
export type End = z.infer<typeof End>['end']

export interface BackupRow {
  table: Table
  row: StoredRow
}

/** Reads only the header. Throws if the file is not a backup of a known version. */
export async function readHeader(file: string): Promise<Header> {
  for await (const line of linesOf(file)) return parseHeader(line)
  throw new Error(`${file} is empty.`)
}

/** Reads a backup to its end, in constant memory. Throws if it is incomplete, damaged, or not a backup. */
export async function checkBackup(file: string): Promise<{ header: Header; end: End }> {
  const hash = createHash('sha256')
  const counted: Record<string, number> = {}
  let header: Header | undefined
  let end: End | undefined
  let table = ''
  for await (const line of linesOf(file)) {
    if (end) throw new Error(`${file} goes on after its end.`)
    const content: unknown = header ? parse(file, line) : null
    const ended = End.safeParse(content)
    if (ended.success) {
      end = ended.data.end
      continue
    }
    hash.update(`${line}\n`)
    if (!header) header = parseHeader(line)
    else if (Array.isArray(content)) counted[table] = (counted[table] ?? 0) + 1
    else {
      table = TableMark.parse(content).table
      counted[table] = 0
    }
  }
  if (!header || !end) throw new Error(`${file} is cut off: its end is missing.`)
  const isComplete = hash.digest('hex') === end.sha256 && JSON.stringify(counted) === JSON.stringify(end.rows)
  if (!isComplete) throw new Error(`${file} is damaged: its checksum does not hold.`)
  return { header, end }
}

/** The rows of a checked backup, in order. */
export async function* rowsOf(file: string, header: Header): AsyncGenerator<BackupRow> {
  const tables = new Map(header.tables.map((table) => [table.name, table]))
  let table: Table | undefined
  let isFirst = true
  for await (const line of linesOf(file)) {
    const content: unknown = isFirst ? null : parse(file, line)
    isFirst = false
    const mark = TableMark.safeParse(content)
    if (mark.success) table = tables.get(mark.data.table)
    else if (Array.isArray(content) && table) yield { table, row: z.array(Value).parse(content) }
  }
}

function parseHeader(line: string): Header {
  const header = Header.safeParse(toJson(line))
  if (!header.success)
    throw new Error(`This is no backup that this version reads (${FORMAT}, version ${FORMAT_VERSION}).`)
  return header.data
}

function parse(file: string, line: string): unknown {
  const content = toJson(line)
  if (content === undefined) throw new Error(`${file} is damaged: a line is not JSON.`)
  return content
}

function toJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Splits at line feeds only; `readline` would also split at the line separators of Unicode. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file)
  const unzipped = input.pipe(createGunzip())
  input.once('error', (error) => unzipped.destroy(error))
  let rest: Buffer[] = []
  try {
    for await (const chunk of unzipped) {
      let start = 0
      for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, start)) {
        yield Buffer.concat([...rest, chunk.subarray(start, at)]).toString()
        rest = []
        start = at + 1
      }
      if (start < chunk.length) rest.push(chunk.subarray(start))
    }
  } catch (error) {
    throw describeReadError(file, error)
  }
  if (rest.length > 0) throw new Error(`${file} is cut off: its last line has no end.`)
}

function describeReadError(file: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return new Error(`There is no file ${file}.`)
  if (code === 'Z_BUF_ERROR') return new Error(`${file} is cut off.`)
  if (code === 'Z_DATA_ERROR') return new Error(`${file} is damaged, or not compressed by gzip.`)
  return error
}
