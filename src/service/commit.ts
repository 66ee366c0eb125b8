import type { Caller } from '../core/caller'
import type { Bindings } from '../core/config'
import { detail } from '../core/error-details'
import { conflict, idempotencyRecordExpired, notFound } from '../core/errors'
import { seesInternal } from '../core/policy'
import { openDirectory } from '../db/client'
import {
  deleteExpiredRecords,
  findIdempotencyRecord,
  IdempotencyConflict,
  type IdempotencyRecord,
  type ReturningStatement,
  runIdempotent,
} from '../db/idempotency-records'
import type { Results, Statement } from '../db/statement'
import { DecryptError, decrypt, encrypt } from '../lib/envelope-encryption'
import { idempotencyKeyReused } from './constraint-errors'
import type { RequestIdempotency, ServiceContext } from './context'

type ReturnedRows<T extends readonly ReturningStatement[]> = {
  [K in keyof T]: T[K] extends Statement<infer Row> ? Row[] : never
}

const ROWS_A_STATEMENT = 500
const STATEMENTS_A_SWEEP = 10

interface CommitResult<T extends readonly ReturningStatement[]> {
  /** What the deed left when it was done, now or by an earlier request with the same key. */
  rows: ReturnedRows<T>
  /** The secret that its answer shows. */
  secret: string
  isReplay: boolean
}

/** What a deed is of, and what its answer shows beside the rows. */
interface CommitOptions {
  /** The ticket that has to be visible to whom the answer is given again. */
  ticketId?: string
  secret?: string
}

/**
 * Asks what a deed has to know before it is done and, in the same round trip, whether it was done before under the same
 * idempotency key. Then it gives null, and `commit` gives what was done, without another question. Throws `DbError`.
 */
export async function readBeforeWrite<const T extends readonly Statement[]>(
  ctx: ServiceContext,
  questions: T,
): Promise<Results<T> | null> {
  const { caller, db, idempotency, now } = ctx
  if (idempotency === null) return db.verifiedBatch(questions)
  const [[record], ...returned] = await db.verifiedBatch([
    findIdempotencyRecord(caller, idempotency, now),
    ...questions,
  ])
  if (!record) return returned
  idempotency.found = record
  return null
}

/** Whether the request was carried out before: for where it is refused by what may have changed since. */
export async function isReplayedRequest(ctx: ServiceContext): Promise<boolean> {
  return ctx.idempotency !== null && (await readBeforeWrite(ctx, [])) === null
}

/**
 * Commits a deed in one batch and gives the rows that its answer is made from: the first of them has one if the deed was
 * done. With an idempotency key, a deed that was done before is not done again, and the rows are those of then. Throws
 * 422 for a key of another request, 404 for an answer that the caller may not see any more, and `DbError`, also where the
 * caller's access has ended since the request began.
 */
export async function commit<const T extends readonly ReturningStatement[]>(
  ctx: ServiceContext,
  writes: readonly Statement[],
  returned: T,
  { ticketId, secret = '' }: CommitOptions = {},
): Promise<CommitResult<T>> {
  const { caller, db, idempotency, now } = ctx
  if (idempotency === null) return { rows: await db.change<T>(writes, returned), secret, isReplay: false }
  if (idempotency.found) return replayOf(caller, idempotency, idempotency.found)
  const [sealingKey] = idempotency.encryptionKeys
  const sealed = secret === '' || !sealingKey ? null : await encrypt(sealingKey, secret, idempotency.keyHash)
  const circumstances = { role: caller.role, ticketId: ticketId ?? null, secret: sealed, now }
  try {
    return { rows: await runIdempotent(db, idempotency, writes, returned, circumstances), secret, isReplay: false }
  } catch (error) {
    if (!(error instanceof IdempotencyConflict)) throw error
  }
  const record = await db.first(findIdempotencyRecord(caller, idempotency, now))
  if (!record) throw idempotencyRecordExpired()
  return replayOf(caller, idempotency, record)
}

/** What a record tells, to whom it may be told: who sees less than then is not shown what was shown then. */
async function replayOf<T extends readonly ReturningStatement[]>(
  caller: Caller,
  key: RequestIdempotency,
  record: IdempotencyRecord,
): Promise<CommitResult<T>> {
  const sawMore = record.ticket_id !== null && seesInternal(record.role ?? caller.role) && !seesInternal(caller.role)
  if (sawMore || record.is_hidden === 1) throw notFound()
  if (!key.fingerprints.includes(record.request_hash)) throw idempotencyKeyReused()
  key.markReplayed()
  const secret = record.secret === null ? '' : await open(key.encryptionKeys, record.secret, key.keyHash)
  return { rows: toReturnedRows<T>(record.rows), secret, isReplay: true }
}

/** Rows were kept by the names that the statements gave them. */
function toReturnedRows<T extends readonly ReturningStatement[]>(text: string): ReturnedRows<T> {
  return JSON.parse(text) as ReturnedRows<T>
}

async function open(keys: readonly Buffer[], sealed: string, context: string): Promise<string> {
  try {
    return await decrypt(keys, sealed, context)
  } catch (error) {
    if (error instanceof DecryptError)
      throw conflict([detail(['Idempotency-Key'], 'belongs to an answer whose secret can not be read any more')])
    throw error
  }
}

/** Forgets what was done under idempotency keys more than a day ago, in all accounts: at most 500 rows a statement. */
export async function sweepIdempotencyRecords(env: Pick<Bindings, 'DB'>, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let statements = 0; statements < STATEMENTS_A_SWEEP; statements += 1) {
    const deleted = await directory.all(deleteExpiredRecords(now, ROWS_A_STATEMENT))
    if (deleted.length < ROWS_A_STATEMENT) return
  }
}
