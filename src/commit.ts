import type { ServiceContext } from './context'
import { openDirectory, type Statement } from './db/client'
import { type AnswerStatement, DoneBefore, deleteOldRecords, doOnce, findRecord } from './db/once'
import type { Bindings } from './env'
import { conflict } from './http/errors'
import { keyInProgress, keyReused } from './http/refusals'
import { detail } from './http/validation'
import { SealError, seal, unseal } from './lib/sealing'

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

/**
 * Commits a deed in one batch and gives the rows that its answer is made from: the first of them has one if the deed was
 * done. With an idempotency key, a deed that was done before is not done again, and the rows are those of then. Throws
 * 422 for a key of another request, and `DbError`.
 */
export async function commit<const T extends readonly AnswerStatement[]>(
  ctx: ServiceContext,
  writes: readonly Statement[],
  answers: T,
  secret = '',
): Promise<Committed<T>> {
  const { db, once, now } = ctx
  if (once === null) return { rows: await db.change<T>(writes, answers), secret, isReplay: false }
  const [sealingKey] = once.sealingKeys
  const sealed = secret === '' || !sealingKey ? null : await seal(sealingKey, secret, once.keyHash)
  try {
    return { rows: await doOnce(db, once, writes, answers, { secret: sealed, now }), secret, isReplay: false }
  } catch (error) {
    if (!(error instanceof DoneBefore)) throw error
  }
  const record = await db.first(findRecord(db.accountId, once, now))
  if (!record) throw keyInProgress()
  mustBeSame(once, record)
  once.markReplayed()
  const opened = record.secret === null ? '' : await open(once.sealingKeys, record.secret, once.keyHash)
  return { rows: asAnswers<T>(record.rows), secret: opened, isReplay: true }
}

/** Throws 422 where a key was used for another request before. */
export function mustBeSame(once: { requestHash: string }, record: { request_hash: string }): void {
  if (once.requestHash !== record.request_hash) throw keyReused()
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
