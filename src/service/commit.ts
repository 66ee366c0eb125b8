import type { Caller } from '../core/caller'
import type { Bindings } from '../core/config'
import { detail } from '../core/error-details'
import { answerForgotten, conflict, notFound } from '../core/errors'
import { seesInternal } from '../core/policy'
import { openDirectory } from '../db/client'
import {
  type AnswerStatement,
  DoneBefore,
  deleteOldRecords,
  doOnce,
  findRecord,
  type OnceRecord,
} from '../db/idempotency-records'
import type { Results, Statement } from '../db/statement'
import { SealError, seal, unseal } from '../lib/sealing'
import { keyReused } from './constraint-errors'
import type { KeyedOnce, ServiceContext } from './context'

type Answers<T extends readonly AnswerStatement[]> = {
  [K in keyof T]: T[K] extends Statement<infer Row> ? Row[] : never
}

const ROWS_A_STATEMENT = 500
const STATEMENTS_A_SWEEP = 10

interface Committed<T extends readonly AnswerStatement[]> {
  /** What the deed left when it was done, now or by an earlier request with the same key. */
  rows: Answers<T>
  /** The secret that its answer shows. */
  secret: string
  isReplay: boolean
}

/** What a deed is of, and what its answer shows beside the rows. */
interface Deed {
  /** The ticket that has to be visible to whom the answer is given again. */
  ticketId?: string
  secret?: string
}

/**
 * Asks what a deed has to know before it is done and, in the same round trip, whether it was done before under the same
 * idempotency key. Then it gives null, and `commit` gives what was done, without another question. Throws `DbError`.
 */
export async function askFirst<const T extends readonly Statement[]>(
  ctx: ServiceContext,
  questions: T,
): Promise<Results<T> | null> {
  const { caller, db, once, now } = ctx
  if (once === null) return db.verifiedBatch(questions)
  const [[record], ...answers] = await db.verifiedBatch([findRecord(caller, once, now), ...questions])
  if (!record) return answers
  once.found = record
  return null
}

/** Whether the request was carried out before: for where it is refused by what may have changed since. */
export async function wasDone(ctx: ServiceContext): Promise<boolean> {
  return ctx.once !== null && (await askFirst(ctx, [])) === null
}

/**
 * Commits a deed in one batch and gives the rows that its answer is made from: the first of them has one if the deed was
 * done. With an idempotency key, a deed that was done before is not done again, and the rows are those of then. Throws
 * 422 for a key of another request, 404 for an answer that the caller may not see any more, and `DbError`, also where the
 * caller's access has ended since the request began.
 */
export async function commit<const T extends readonly AnswerStatement[]>(
  ctx: ServiceContext,
  writes: readonly Statement[],
  answers: T,
  { ticketId, secret = '' }: Deed = {},
): Promise<Committed<T>> {
  const { caller, db, once, now } = ctx
  if (once === null) return { rows: await db.change<T>(writes, answers), secret, isReplay: false }
  if (once.found) return replayOf(caller, once, once.found)
  const [sealingKey] = once.sealingKeys
  const sealed = secret === '' || !sealingKey ? null : await seal(sealingKey, secret, once.keyHash)
  const circumstances = { role: caller.role, ticketId: ticketId ?? null, secret: sealed, now }
  try {
    return { rows: await doOnce(db, once, writes, answers, circumstances), secret, isReplay: false }
  } catch (error) {
    if (!(error instanceof DoneBefore)) throw error
  }
  const record = await db.first(findRecord(caller, once, now))
  if (!record) throw answerForgotten()
  return replayOf(caller, once, record)
}

/** What a record tells, to whom it may be told: who sees less than then is not shown what was shown then. */
async function replayOf<T extends readonly AnswerStatement[]>(
  caller: Caller,
  once: KeyedOnce,
  record: OnceRecord,
): Promise<Committed<T>> {
  const sawMore = record.ticket_id !== null && seesInternal(record.role ?? caller.role) && !seesInternal(caller.role)
  if (sawMore || record.is_hidden === 1) throw notFound()
  if (!once.requestHashes.includes(record.request_hash)) throw keyReused()
  once.markReplayed()
  const secret = record.secret === null ? '' : await open(once.sealingKeys, record.secret, once.keyHash)
  return { rows: asAnswers<T>(record.rows), secret, isReplay: true }
}

/** Rows were kept by the names that the statements gave them. */
function asAnswers<T extends readonly AnswerStatement[]>(text: string): Answers<T> {
  return JSON.parse(text) as Answers<T>
}

async function open(keys: readonly Buffer[], sealed: string, context: string): Promise<string> {
  try {
    return await unseal(keys, sealed, context)
  } catch (error) {
    if (error instanceof SealError)
      throw conflict([detail(['Idempotency-Key'], 'belongs to an answer whose secret can not be read any more')])
    throw error
  }
}

/** Forgets what was done under idempotency keys more than a day ago, in all accounts: at most 500 rows a statement. */
export async function sweepRecords(env: Pick<Bindings, 'DB'>, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let statements = 0; statements < STATEMENTS_A_SWEEP; statements += 1) {
    const deleted = await directory.all(deleteOldRecords(now, ROWS_A_STATEMENT))
    if (deleted.length < ROWS_A_STATEMENT) return
  }
}
