import type { Caller } from '../core/caller'
import type { Bindings } from '../core/config'
import { withDeadline } from '../lib/deadline'
import { asBookmark, isReached, recordBookmark } from './bookmarks'
import { assertCaller, verifyCaller } from './caller-verification'
import { DbError, toDbError } from './errors'
import { type Rendered, render } from './render'
import type { NamedStatements, Results, Statement } from './statement'

/** What a request has used of D1 so far. */
export interface DbCosts {
  roundTrips: number
  rowsRead: number
  rowsWritten: number
  milliseconds: number
  /** Whether a batch ran on a replica, which may lag. */
  usedReplica: boolean
  /** Of the last batch; null if D1 does not say. */
  region: string | null
  /** Of the last batch; null if there is none. */
  bookmark: string | null
}

/**
 * A session starts on any replica, on the primary, or on a database that is not older than a bookmark: on the primary, if it is not
 * certain that such a bookmark exists.
 */
export type ReadConsistency = 'first-unconstrained' | 'first-primary' | { bookmark: string }

export function noCosts(): DbCosts {
  return {
    roundTrips: 0,
    rowsRead: 0,
    rowsWritten: 0,
    milliseconds: 0,
    usedReplica: false,
    region: null,
    bookmark: null,
  }
}

class Database {
  constructor(
    protected readonly database: D1Database,
    protected readonly costs: DbCosts,
    private d1: D1Database | D1DatabaseSession = database,
  ) {}

  get bookmark(): string | null {
    return this.costs.bookmark
  }

  protected useSession(session: D1DatabaseSession): void {
    this.d1 = session
  }

  /**
   * Runs the statements in one round trip as one transaction, in the order of their names. Returns the rows of each.
   * Throws `DbError`.
   */
  async batch<const T extends NamedStatements>(statements: T): Promise<Results<T>> {
    return byName(statements, await this.runAll(Object.values(statements)))
  }

  protected async runAll(statements: readonly Statement[]): Promise<unknown[][]> {
    const rendered = statements.map(({ query }) => render(query))
    const before = this.verification(rendered)
    const prepared = [...before, ...rendered].map(({ text, values }) => this.d1.prepare(text).bind(...values))
    const started = Date.now()
    this.costs.roundTrips += 1
    try {
      const results = await withDeadline(this.d1.batch(prepared))
      for (const { meta } of results) {
        this.costs.rowsRead += meta.rows_read
        this.costs.rowsWritten += meta.rows_written
        this.costs.usedReplica ||= meta.served_by_primary === false
        this.costs.region = meta.served_by_region ?? null
      }
      if ('getBookmark' in this.d1) this.keepBookmark(this.d1.getBookmark())
      return results.slice(before.length).map((result) => result.results)
    } catch (error) {
      throw toDbError(error)
    } finally {
      this.costs.milliseconds += Date.now() - started
    }
  }

  private keepBookmark(bookmark: string | null): void {
    this.costs.bookmark = bookmark
    if (bookmark !== null) recordBookmark(this.database, bookmark)
  }

  /** Statements that run before these in the same batch. */
  protected verification(_statements: readonly Rendered[]): Rendered[] {
    return []
  }

  /** Runs writes in one round trip as one transaction, if there are any. Throws `DbError`. */
  async execute(statements: readonly Statement[]): Promise<void> {
    if (statements.length > 0) await this.runAll(statements)
  }

  /** Throws `DbError`. */
  async all<Row>(statement: Statement<Row>): Promise<Row[]> {
    const { found } = await this.batch({ found: statement })
    return found
  }

  /** Throws `DbError`. */
  async first<Row>(statement: Statement<Row>): Promise<Row | undefined> {
    return (await this.all(statement))[0]
  }
}

/** D1 types rows as unknown records: the fields of a statement say what they are. */
export function byName<T extends NamedStatements>(statements: T, rows: unknown[][]): Results<T> {
  return Object.fromEntries(Object.keys(statements).map((name, index) => [name, rows[index]])) as Results<T>
}

const STARTS_WITH_SELECT = /^\s*SELECT\b/

/**
 * The database of one account. Each statement names `accountId`. If it was opened for a caller, each batch that writes first
 * verifies the caller again, because a request can begin long before it writes: it throws `DbError` with the rule
 * `credential` or `role`, and nothing of the batch takes effect.
 */
export class AccountDb extends Database {
  constructor(
    database: D1Database,
    costs: DbCosts,
    readonly accountId: string,
    private readonly consistency: ReadConsistency | null,
    private readonly caller: Caller | null,
  ) {
    super(database, costs, consistency === null ? database : sessionFrom(database, consistency))
  }

  protected override verification(statements: readonly Rendered[]): Rendered[] {
    if (this.caller === null || statements.every(({ text }) => STARTS_WITH_SELECT.test(text))) return []
    return [render(assertCaller(this.caller, Date.now()).query)]
  }

  /** As `batch`, but verifies the caller even if nothing is written: for reads that a write depends on or returns. */
  async verifiedBatch<const T extends NamedStatements>(statements: T): Promise<Results<T>> {
    if (this.caller === null) return this.batch(statements)
    const verification = { caller: verifyCaller(this.caller, Date.now()) }
    const rows: Results<typeof verification> & Results<T> = await this.batch({ ...verification, ...statements })
    const problem = rows.caller[0]?.problem ?? 'credential'
    if (problem !== '') throw new DbError({ kind: 'constraint', rule: problem })
    return rows
  }

  /** Runs writes and then reads in one batch. Returns the rows of the reads. */
  async change<const T extends NamedStatements>(writes: readonly Statement[], reads: T): Promise<Results<T>> {
    if (writes.length === 0) return this.verifiedBatch(reads)
    const rows = await this.runAll([...writes, ...Object.values(reads)])
    return byName(reads, rows.slice(writes.length))
  }

  /** For work that must be done even if the caller's access has ended, such as cleaning up after a failure. */
  withoutCaller(): AccountDb {
    return new AccountDb(this.database, this.costs, this.accountId, null, null)
  }

  /** Runs the next batch on the primary: a replica may not know yet that the caller's access has ended. */
  onPrimary(): AccountDb {
    return new AccountDb(this.database, this.costs, this.accountId, 'first-primary', this.caller)
  }

  /** Reads nothing older than this bookmark, if it is newer than the session's own: bookmarks sort by age. */
  notBefore(bookmark: string): void {
    const known = asBookmark(bookmark)
    const isOlder =
      typeof this.consistency === 'string'
        ? this.consistency === 'first-unconstrained'
        : known && this.consistency && this.consistency.bookmark < known.bookmark
    if (known && isOlder) this.useSession(sessionFrom(this.database, known))
  }
}

function sessionFrom(database: D1Database, consistency: ReadConsistency): D1DatabaseSession {
  if (typeof consistency === 'string') return database.withSession(consistency)
  return database.withSession(isReached(database, consistency.bookmark) ? consistency.bookmark : 'first-primary')
}

/** The tables that belong to no account, and the work of the sweep across accounts. */
export class DirectoryDb extends Database {}

/**
 * The only way to an account's rows. Without `from`, reads go to the primary and no bookmark is recorded. Without `caller`,
 * no caller is verified: for work of the service itself.
 */
export function openAccount(
  env: Pick<Bindings, 'DB'>,
  accountId: string,
  costs: DbCosts = noCosts(),
  consistency: ReadConsistency | null = null,
  caller: Caller | null = null,
): AccountDb {
  return new AccountDb(env.DB, costs, accountId, consistency, caller)
}

export function openDirectory(env: Pick<Bindings, 'DB'>, costs: DbCosts = noCosts()): DirectoryDb {
  return new DirectoryDb(env.DB, costs)
}
