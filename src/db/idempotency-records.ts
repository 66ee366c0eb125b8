import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import type { Role } from '../core/policy'
import { DAY } from '../lib/time'
import { abortIf } from './abort'
import type { AccountDb } from './client'
import { DbError } from './errors'
import { run, type Statement, select } from './statement'
import { visibleTickets } from './visibility'

/** How long the first answer is given again. */
const RETENTION = DAY

/** A request that is to be carried out once, however often it comes: whose, under which key, and what it asks for. */
export interface IdempotencyKey {
  callerId: string
  keyHash: string
  /** Of what it asks for, under each secret that is accepted: the first is kept. */
  fingerprints: readonly string[]
}

/** A statement whose rows make the answer; their columns are named, so that they can be kept as JSON. */
export interface ReturningStatement<Row = unknown> extends Statement<Row> {
  readonly columns: readonly string[]
}

/** Names the columns of the rows of a statement that makes an answer, or a part of it. */
export function returning<Row extends object>(
  statement: Statement<Row>,
  columns: readonly (keyof Row & string)[],
): ReturningStatement<Row> {
  return { ...statement, columns }
}

type ReturnedRows<T extends readonly ReturningStatement[]> = {
  [K in keyof T]: T[K] extends Statement<infer Row> ? Row[] : never
}

/** What was done under a key before. */
export interface IdempotencyRecord {
  request_hash: string
  rows: string
  secret: string | null
  /** Of the caller, when it was done; null where that was not kept. */
  role: Role | null
  /** The ticket it is of, if it is of one, and whether that is there and the caller may not see it. */
  ticket_id: string | null
  is_hidden: number
}

/** What is kept of a deed beside its rows. */
interface RecordMetadata {
  role: Role
  ticketId: string | null
  secret: string | null
  now: number
}

/** Thrown where the deed was done before: nothing was done now. */
export class IdempotencyConflict extends Error {
  override readonly name = 'DoneBefore'
}

/**
 * Runs a deed and, in the same batch, keeps the rows that make its answer under the request's key; if the first of them
 * has none, nothing was done and nothing is kept. Gives the rows. Throws `DoneBefore` if the key has a record already,
 * and `DbError`.
 */
export async function runIdempotent<const T extends readonly ReturningStatement[]>(
  db: AccountDb,
  key: IdempotencyKey,
  writes: readonly Statement[],
  returned: T,
  { role, ticketId, secret, now }: RecordMetadata,
): Promise<ReturnedRows<T>> {
  const own = isRecordOf(db.accountId, key)
  const [first] = returned
  const kept = returned.map(({ query, columns }) => {
    const pairs = columns.map((column) => `'${column}', ${column}`).join(', ')
    return sql`(SELECT json_group_array(json_object(${sql.raw(pairs)})) FROM (${query}))`
  })
  const record = run(sql`
    INSERT INTO idempotency_records (account_id, caller_id, key_hash, request_hash, rows, secret, created_at)
    SELECT ${db.accountId}, ${key.callerId}, ${key.keyHash}, ${key.fingerprints[0]},
      json_object('role', ${role}, 'ticket_id', ${ticketId}, 'answers', json_array(${sql.join(
        kept.map((list) => sql`json(${list})`),
        sql`, `,
      )})), ${secret}, ${now}
    WHERE ${first ? sql`EXISTS (${first.query})` : sql`1`}`)
  const before = [
    run(sql`DELETE FROM idempotency_records WHERE ${own} AND created_at < ${now - RETENTION}`),
    abortIf('replay', sql`idempotency_records WHERE ${own}`),
  ]
  try {
    return await db.change<T>([...before, ...writes, record], returned)
  } catch (error) {
    if (error instanceof DbError && error.failure.kind === 'refused' && error.failure.rule === 'replay')
      throw new IdempotencyConflict()
    throw error
  }
}

/** What a request did when it first came, if it did; not of more than a day ago. */
export function findIdempotencyRecord(caller: Caller, key: IdempotencyKey, now: number) {
  const { accountId } = caller
  const ticketId = sql`rows ->> '$.ticket_id'`
  const isThere = sql`EXISTS (SELECT 1 FROM tickets t WHERE t.account_id = ${accountId} AND t.id = ${ticketId})`
  const isVisible = sql`EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTickets(caller)} AND t.id = ${ticketId})`
  return select<IdempotencyRecord>(sql`
    SELECT request_hash, coalesce(rows -> '$.answers', rows) AS rows, secret, rows ->> '$.role' AS role, ${ticketId} AS ticket_id,
      ${isThere} AND NOT ${isVisible} AS is_hidden
    FROM idempotency_records WHERE ${isRecent(accountId, key, now)}`)
}

/** Whether there is such a record, as an SQL expression. */
export function hasIdempotencyRecord(accountId: string, key: IdempotencyKey, now: number): SQL {
  return sql`EXISTS (SELECT 1 FROM idempotency_records WHERE ${isRecent(accountId, key, now)})`
}

/** Forgets records of more than a day ago, at most `limit`; gives how many. The sweep's own work, over all accounts. */
export function deleteExpiredRecords(now: number, limit: number) {
  return select<{ created_at: number }>(sql`
    DELETE FROM idempotency_records WHERE (account_id, caller_id, key_hash) IN (
      SELECT account_id, caller_id, key_hash FROM idempotency_records
      WHERE created_at < ${now - RETENTION} ORDER BY created_at LIMIT ${limit})
    RETURNING created_at`)
}

function isRecent(accountId: string, key: IdempotencyKey, now: number): SQL {
  return sql`${isRecordOf(accountId, key)} AND created_at >= ${now - RETENTION}`
}

function isRecordOf(accountId: string, { callerId, keyHash }: IdempotencyKey) {
  return sql`account_id = ${accountId} AND caller_id = ${callerId} AND key_hash = ${keyHash}`
}
