import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { toWireTime } from '../../src/lib/time.ts'
import { type End, FORMAT, FORMAT_VERSION, type Header } from './backup-file.ts'
import type { Database } from './database.ts'
import { findMigrations, findSchema, findTables, readTable } from './dump.ts'
import { openSource, type Source } from './source.ts'

/**
 * Writes all rows into a new file, in constant memory. The local database is read as a snapshot; a deployed one page by
 * page: if it was written to in the meantime, the file and the report say so. Throws if the file exists; a failed
 * backup leaves no file.
 */
export async function backup(db: Database, file: string): Promise<string> {
  if (existsSync(file)) throw new Error(`There is a file ${file} already.`)
  const source = openSource(db)
  const unfinished = `${file}.unfinished`
  const lines = new BackupLines(source, db.isRemote ? 'remote' : 'local')
  try {
    const output = createWriteStream(unfinished, { flags: 'wx', mode: 0o600 })
    await pipeline(Readable.from(lines.all()), createGzip(), output)
    renameSync(unfinished, file)
  } catch (error) {
    rmSync(unfinished, { force: true })
    throw error
  } finally {
    source.close()
  }
  return report(file, lines.end)
}

function report(file: string, { rows, moved }: End): string {
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0)
  return [
    `${file}: ${total} rows of ${Object.keys(rows).length} tables, ${statSync(file).size} bytes.`,
    ...(moved
      ? [
          'The database was written to during the backup, so this is not a snapshot of one moment: see docs/operations.md.',
        ]
      : []),
    'It contains password hashes and encrypted secrets: store it as safely as the database. It does not contain the files in R2.',
  ].join('\n')
}

class BackupLines {
  end: End = { rows: {}, moved: false, sha256: '' }
  private readonly hash = createHash('sha256')

  private readonly source: Source
  private readonly kind: Header['source']

  constructor(source: Source, kind: Header['source']) {
    this.source = source
    this.kind = kind
  }

  *all(): Generator<string> {
    const { runQuery, mark } = this.source
    const bookmark = mark()
    const tables = findTables(runQuery)
    const header: Header = {
      format: FORMAT,
      version: FORMAT_VERSION,
      made_at: toWireTime(Date.now()),
      source: this.kind,
      bookmark,
      migrations: findMigrations(runQuery),
      schema: findSchema(runQuery),
      tables,
    }
    yield this.line(header)
    for (const table of tables) {
      yield this.line({ table: table.name })
      this.end.rows[table.name] = 0
      for (const row of readTable(runQuery, table)) {
        this.end.rows[table.name] = (this.end.rows[table.name] ?? 0) + 1
        yield this.line(row)
      }
    }
    this.end.moved = mark() !== bookmark
    this.end.sha256 = this.hash.digest('hex')
    yield `${JSON.stringify({ end: this.end })}\n`
  }

  private line(content: unknown): string {
    const line = `${JSON.stringify(content)}\n`
    this.hash.update(line)
    return line
  }
}
