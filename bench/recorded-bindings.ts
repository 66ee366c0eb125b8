import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { ACCOUNT_ID } from './dataset.ts'

type Result = { results: unknown[]; meta: Record<string, unknown> }

interface BoundStatement {
  text: string
  values: SQLInputValue[]
}

const META = { rows_read: 0, rows_written: 0, served_by_primary: true }

/**
 * A D1 that runs the batches of one request on a SQLite file, and returns the same results for every later request
 * without running anything: what remains of a request's time is the Worker's own.
 */
export class RecordedD1 {
  private readonly database: DatabaseSync
  private readonly recorded: Result[][] = []
  private isRecording = true
  private calls = 0

  constructor(database: DatabaseSync) {
    this.database = database
  }

  /** Ends the recording, or begins a request that replays it. */
  rewind(): void {
    this.isRecording = this.isRecording && this.calls === 0
    this.calls = 0
  }

  withSession = () => this
  getBookmark = () => null

  prepare = (text: string) => ({ bind: (...values: SQLInputValue[]): BoundStatement => ({ text, values }) })

  batch = async (statements: BoundStatement[]): Promise<Result[]> => {
    if (this.isRecording) this.recorded[this.calls] = statements.map((statement) => this.run(statement))
    const results = this.recorded[this.calls]
    if (!results) throw new Error('A request makes more calls than the recorded one')
    this.calls += 1
    return results
  }

  private run({ text, values }: BoundStatement): Result {
    const numbered = Object.fromEntries(values.map((value, index) => [`?${index + 1}`, value]))
    const statement = this.database.prepare(text)
    return { results: values.length > 0 ? statement.all(numbered) : statement.all(), meta: META }
  }
}

const limit = () => ({ admitted: true, limit: 300, remaining: 299, resetAt: Math.ceil(Date.now() / 60_000) * 60 })

/** A Durable Object whose methods all admit the caller. */
function permissiveObject(): unknown {
  const verification = () => ({
    valid: true,
    rateLimit: limit(),
    accountId: ACCOUNT_ID,
    role: 'agent',
    plan: 'premium',
    wroteRecently: false,
  })
  return new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : async () => verification()) })
}

/** The bindings of a Worker besides its variables. */
export function recordedBindings(file: string) {
  const database = new DatabaseSync(file)
  const d1 = new RecordedD1(database)
  const objects = { getByName: permissiveObject }
  const queue = { send: async () => undefined, sendBatch: async () => undefined }
  return {
    d1,
    bindings: { DB: d1, RATE_LIMITER: objects, LOGIN_THROTTLE: objects, SWEEPER: objects, WEBHOOKS: queue },
    close: () => database.close(),
  }
}
