import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'

export interface Result {
  results: unknown[]
  meta: Record<string, unknown>
}

export interface BoundStatement {
  text: string
  values: SQLInputValue[]
}

const META = { rows_read: 0, rows_written: 0, served_by_primary: true }

/**
 * A D1 within this process, on a SQLite database. `milliseconds` is the time that its batches have taken; with
 * `keepsStatements` it does not include preparing a statement again.
 */
export class SqliteD1 {
  milliseconds = 0
  private readonly database: DatabaseSync
  private readonly kept: Map<string, StatementSync> | null

  constructor(database: DatabaseSync, { keepsStatements = false } = {}) {
    this.database = database
    this.kept = keepsStatements ? new Map() : null
  }

  withSession(): this {
    return this
  }

  getBookmark(): null {
    return null
  }

  prepare(text: string) {
    return { bind: (...values: SQLInputValue[]): BoundStatement => ({ text, values }) }
  }

  async batch(statements: BoundStatement[]): Promise<Result[]> {
    const started = performance.now()
    const results = statements.map((statement) => this.run(statement))
    this.milliseconds += performance.now() - started
    return results
  }

  private run({ text, values }: BoundStatement): Result {
    const numbered = Object.fromEntries(values.map((value, index) => [`?${index + 1}`, value]))
    const statement = this.kept?.get(text) ?? this.database.prepare(text)
    this.kept?.set(text, statement)
    return { results: values.length > 0 ? statement.all(numbered) : statement.all(), meta: META }
  }
}

/**
 * Runs the batches of one request, and returns the same results for every later request without running anything: the
 * remaining time of a request is the Worker's own.
 */
export class RecordedD1 extends SqliteD1 {
  private readonly recorded: Result[][] = []
  private isRecording = true
  private calls = 0

  /** Call it before each request: the first one is recorded, and the others replay it. */
  rewind(): void {
    this.isRecording = this.isRecording && this.calls === 0
    this.calls = 0
  }

  override async batch(statements: BoundStatement[]): Promise<Result[]> {
    if (this.isRecording) this.recorded[this.calls] = await super.batch(statements)
    const results = this.recorded[this.calls]
    if (!results) throw new Error('A request makes more calls than the recorded one')
    this.calls += 1
    return results
  }
}
