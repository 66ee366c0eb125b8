import type { Caller } from '../core/caller'
import type { Bindings } from '../core/config'
import { detail } from '../core/error-details'
import { conflict, idempotencyRecordExpired, notFound } from '../core/errors'
import { seesInternal } from '../core/policy'
import { byName, openDirectory } from '../db/client'
import {
  deleteExpiredRecords,
  findIdempotencyRecord,
  IdempotencyConflict,
  type IdempotencyRecord,
  runIdempotent,
} from '../db/idempotency-records'
import type { NamedStatements, Results, Statement } from '../db/statement'
import { DecryptError, decrypt, encrypt } from '../lib/envelope-encryption'
import { retryTransient } from '../lib/retry'
import { idempotencyKeyReused } from './constraint-errors'
import type { RequestIdempotency, ServiceContext } from './context'

const ROWS_PER_STATEMENT = 500
const STATEMENTS_PER_SWEEP = 10

interface CommitResult<T> {
  /** As the reads found them after the write, now or in an earlier request with the same key. */
  rows: Results<T>
  /** The secret that the response shows. */
  secret: string
  isReplay: boolean
  /** Whether texts were replaced, because their ticket or comment was deleted since. Only in a replay. */
  isRedacted: boolean
}

interface CommitOptions {
  /** A replay is shown only to a caller that may see this ticket. */
  ticketId?: string
  /** For the response: stored encrypted. */
  secret?: string
}

const FIRST = { isReplay: false, isRedacted: false }

/** Marks a resource whose texts were replaced. */
export function markRedacted<T extends object>(resource: T, isRedacted: boolean): T & { redacted?: true } {
  return isRedacted ? { ...resource, redacted: true } : resource
}

/**
 * Runs the reads that a write depends on and, in the same round trip, looks up its idempotency record. Returns null if
 * there is one: `commit` then replays it. Throws `DbError`.
 */
export async function readBeforeWrite<const T extends NamedStatements>(
  ctx: ServiceContext,
  reads: T,
): Promise<Results<T> | null> {
  const { caller, db, idempotency, now } = ctx
  if (idempotency === null) return db.verifiedBatch(reads)
  const lookup = { idempotencyRecord: findIdempotencyRecord(caller, idempotency, now) }
  const rows: Results<typeof lookup> & Results<T> = await db.verifiedBatch({ ...lookup, ...reads })
  const [record] = rows.idempotencyRecord
  if (!record) return rows
  idempotency.found = record
  return null
}

/** Throws 404 if the read finds no row, unless the request is replayed. */
export async function assertFound(ctx: ServiceContext, read: Statement): Promise<void> {
  const before = await readBeforeWrite(ctx, { read })
  if (before && before.read.length === 0) throw notFound()
}

/** For a request that is rejected because of state that may have changed since it ran. */
export async function isReplayedRequest(ctx: ServiceContext): Promise<boolean> {
  return ctx.idempotency !== null && (await readBeforeWrite(ctx, {})) === null
}

/**
 * Commits a write in one batch and returns the rows of `reads`, from which the response is made. The first read finds a row
 * if and only if something was written. A request with an idempotency key that ran before is not run again: the rows are
 * those of then. Throws 422 for a key of another request, 404 for a response that the caller may no longer see, and
 * `DbError`, also if the caller's access has ended since the request began.
 */
export async function commit<const T extends NamedStatements>(
  ctx: ServiceContext,
  writes: readonly Statement[],
  reads: T,
  { ticketId, secret = '' }: CommitOptions = {},
): Promise<CommitResult<T>> {
  const { caller, db, idempotency, now } = ctx
  if (idempotency === null) return { rows: await db.change(writes, reads), secret, ...FIRST }
  if (idempotency.found) return replayResponse(caller, idempotency, idempotency.found, reads)
  const [encryptionKey] = idempotency.encryptionKeys
  const encrypted = secret === '' || !encryptionKey ? null : await encrypt(encryptionKey, secret, idempotency.keyHash)
  const metadata = { role: caller.role, ticketId: ticketId ?? null, secret: encrypted, now }
  try {
    return { rows: await runIdempotent(db, idempotency, writes, reads, metadata), secret, ...FIRST }
  } catch (error) {
    if (!(error instanceof IdempotencyConflict)) throw error
    const record = await db.first(findIdempotencyRecord(caller, idempotency, now))
    if (record && isOwnRecord(error, record, now)) return readResponse(idempotency, record, reads)
    if (error.rejection) throw error.rejection
    if (!record) throw idempotencyRecordExpired()
    return replayResponse(caller, idempotency, record, reads)
  }
}

/**
 * Whether a try of this request, whose response was lost, has committed the record. A concurrent request with the key could have the
 * same time: then this response lacks the header of a replay, and is otherwise the same.
 */
function isOwnRecord({ wasRetried }: IdempotencyConflict, record: IdempotencyRecord, now: number): boolean {
  return wasRetried && record.created_at === now
}

/** A caller that has lost the right to see what the response showed gets 404. */
async function replayResponse<T extends NamedStatements>(
  caller: Caller,
  key: RequestIdempotency,
  record: IdempotencyRecord,
  reads: T,
): Promise<CommitResult<T>> {
  const sawMore = record.ticket_id !== null && seesInternal(record.role ?? caller.role) && !seesInternal(caller.role)
  if (sawMore || record.is_hidden === 1) throw notFound()
  const response = await readResponse(key, record, reads)
  key.markReplayed()
  return { ...response, isReplay: true }
}

async function readResponse<T extends NamedStatements>(
  key: RequestIdempotency,
  record: IdempotencyRecord,
  reads: T,
): Promise<CommitResult<T>> {
  if (!key.fingerprints.includes(record.fingerprint)) throw idempotencyKeyReused()
  const secret = record.secret === null ? '' : await decryptSecret(key.encryptionKeys, record.secret, key.keyHash)
  return { rows: storedRows(reads, record.rows), secret, isReplay: false, isRedacted: record.is_redacted === 1 }
}

/** The columns that earlier releases stored under another name. */
const RENAMED_COLUMNS: Record<string, string> = { listeners: 'active_webhooks' }

/**
 * Records hold the rows in the order of the reads, without the names of those. A release with other reads or other columns
 * does not replay them.
 */
function storedRows<T extends NamedStatements>(reads: T, json: string): Results<T> {
  const stored: Record<string, unknown>[][] = JSON.parse(json)
  const rows = stored.map((found) => found.map(withCurrentNames))
  const statements = Object.values(reads)
  const hasColumns = statements.every(({ columns }, index) =>
    rows[index]?.every((row) => columns.every((name) => Object.hasOwn(row, name))),
  )
  if (rows.length !== statements.length || !hasColumns)
    throw conflict([detail(['Idempotency-Key'], 'not_allowed', 'belongs to a response that can no longer be shown')])
  return byName(reads, rows)
}

function withCurrentNames(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [RENAMED_COLUMNS[name] ?? name, value]))
}

async function decryptSecret(keys: readonly Buffer[], ciphertext: string, context: string): Promise<string> {
  try {
    return await decrypt(keys, ciphertext, context)
  } catch (error) {
    if (error instanceof DecryptError)
      throw conflict([
        detail(['Idempotency-Key'], 'not_allowed', 'belongs to a response whose secret can no longer be read'),
      ])
    throw error
  }
}

/** Deletes expired idempotency records of all accounts, at most 5,000 in a sweep. */
export async function sweepIdempotencyRecords(env: Pick<Bindings, 'DB'>, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let statements = 0; statements < STATEMENTS_PER_SWEEP; statements += 1) {
    const deleted = await retryTransient(() => directory.all(deleteExpiredRecords(now, ROWS_PER_STATEMENT)))
    if (deleted.length < ROWS_PER_STATEMENT) return
  }
}
