import type { Caller } from '../core/caller'
import type { Role } from '../core/policy'
import { retryTransient } from '../lib/retry'
import { DAY } from '../lib/time'
import { abortIf } from './abort'
import { alias } from './alias'
import type { AccountDb } from './client'
import { type DbError, isCallerRejected, isConstraint } from './errors'
import { withoutCommentRows, withoutTicketRows } from './redaction'
import { idempotencyRecords } from './schema/accounts'
import { comments, tickets } from './schema/tickets'
import { type SQL, sql } from './sql'
import { type NamedStatements, query, type Results, type Statement, select } from './statement'
import { visibleTickets } from './visibility'
import { deleteFrom, insertSelect } from './write'

/** How long a request with the same key is replayed. */
const RETENTION = DAY

export interface IdempotencyKey {
  callerId: string
  keyHash: string
  /** Of the request, under each secret that is accepted: the first is stored. */
  fingerprints: readonly string[]
}

interface RecordMetadata {
  role: Role
  ticketId: string | null
  secret: string | null
  now: number
}

/**
 * Thrown if the key may have a record: nothing of the batch took effect. The record is that of another request, or of this one
 * if the response of an earlier try was lost.
 */
export class IdempotencyConflict extends Error {
  override readonly name = 'IdempotencyConflict'

  constructor(
    readonly wasRetried: boolean,
    /** What to throw if there is no record of this request. Null for a record that has expired since. */
    readonly rejection: DbError | null,
  ) {
    super()
  }
}

const r = idempotencyRecords

/**
 * Runs a write and, in the same batch, stores the rows of its response under the request's key. If the first of the reads
 * finds no row, nothing was written and nothing is stored. Retries transient errors, because the record stops a second write.
 * Throws `IdempotencyConflict` and `DbError`.
 */
export async function runIdempotent<const T extends NamedStatements>(
  db: AccountDb,
  key: IdempotencyKey,
  writes: readonly Statement[],
  reads: T,
  { role, ticketId, secret, now }: RecordMetadata,
): Promise<Results<T>> {
  const own = isRecordOf(db.accountId, key)
  const [first] = Object.values(reads)
  const rows = Object.values(reads).map((read) => sql`json(${rowsAsJson(read)})`)
  const record = insertSelect(
    r,
    {
      accountId: db.accountId,
      callerId: key.callerId,
      keyHash: key.keyHash,
      fingerprint: key.fingerprints[0] ?? '',
      rows: sql`json_object('role', ${role}, 'ticket_id', ${ticketId}, 'answers', json_array(${sql.join(rows, sql`, `)}))`,
      secret,
      createdAt: now,
      ticketId,
    },
    sql`WHERE ${first ? sql`EXISTS (${first.query})` : sql`1`}`,
  )
  const before = [
    deleteFrom(r, sql`${own} AND ${r.createdAt} < ${now - RETENTION}`),
    abortIf('replay', sql`FROM ${r} WHERE ${own}`),
  ]
  let tries = 0
  try {
    return await retryTransient(() => {
      tries += 1
      return db.change([...before, ...writes, record], reads)
    })
  } catch (error) {
    if (isConstraint(error, 'replay')) throw new IdempotencyConflict(tries > 1, null)
    // The write may have ended the caller's own access.
    if (tries > 1 && isCallerRejected(error)) throw new IdempotencyConflict(true, error)
    throw error
  }
}

function rowsAsJson({ query, columns }: Statement): SQL {
  const pairs = columns.map((column) => `'${column}', ${column}`).join(', ')
  return sql`(SELECT json_group_array(json_object(${sql.raw(pairs)})) FROM (${query}))`
}

const t = alias(tickets, 't')

/** What a request with the key wrote within a day. */
export function findIdempotencyRecord(caller: Caller, key: IdempotencyKey, now: number) {
  const { accountId } = caller
  // Records of earlier releases name the ticket only here.
  const ticketId = sql<string | null>`${r.rows} ->> '$.ticket_id'`
  const exists = sql`EXISTS (SELECT 1 FROM ${t} WHERE ${t.accountId} = ${accountId} AND ${t.id} = ${ticketId})`
  const isVisible = sql`EXISTS (SELECT 1 FROM ${t} WHERE ${visibleTickets(caller)} AND ${t.id} = ${ticketId})`
  return select(
    {
      fingerprint: r.fingerprint,
      /** Records of earlier releases hold the rows alone. */
      rows: sql<string>`coalesce(shown -> '$.answers', shown)`,
      /** Whether texts were replaced, because their ticket or comment was deleted. */
      is_redacted: sql<number>`shown -> '$.redacted' IS NOT NULL`,
      secret: r.secret,
      created_at: r.createdAt,
      /** Of the caller at that time; null in records of earlier releases. */
      role: sql<Role | null>`${r.rows} ->> '$.role'`,
      ticket_id: ticketId,
      /** Whether the ticket exists and the caller may not see it. */
      is_hidden: sql<number>`${exists} AND NOT ${isVisible}`,
    },
    sql`FROM (
      SELECT *, CASE WHEN ${ticketId} IS NOT NULL AND NOT ${exists} THEN ${withoutTicketRows(r.rows)}
        ELSE ${withoutCommentRows(r.rows, (id) => isDeletedComment(accountId, id))} END AS shown
      FROM ${r} WHERE ${isRecent(accountId, key, now)}) ${r}`,
  )
}

function isDeletedComment(accountId: string, id: SQL<string | null>): SQL {
  return sql`NOT EXISTS (SELECT 1 FROM ${comments} WHERE ${comments.accountId} = ${accountId} AND ${comments.id} = ${id})`
}

export type IdempotencyRecord = NonNullable<ReturnType<typeof findIdempotencyRecord>['row']>

export function hasIdempotencyRecord(accountId: string, key: IdempotencyKey, now: number): SQL {
  return sql`EXISTS (SELECT 1 FROM ${r} WHERE ${isRecent(accountId, key, now)})`
}

/** Deletes at most `limit` expired records of all accounts, and returns a row for each. */
export function deleteExpiredRecords(now: number, limit: number) {
  return query(
    { created_at: r.createdAt },
    sql`DELETE FROM ${r} WHERE (${r.accountId}, ${r.callerId}, ${r.keyHash}) IN (
      SELECT ${r.accountId}, ${r.callerId}, ${r.keyHash} FROM ${r} WHERE ${r.createdAt} < ${now - RETENTION} ORDER BY ${r.createdAt} LIMIT ${limit})
    RETURNING ${r.createdAt}`,
  )
}

function isRecent(accountId: string, key: IdempotencyKey, now: number): SQL {
  return sql`${isRecordOf(accountId, key)} AND ${r.createdAt} >= ${now - RETENTION}`
}

function isRecordOf(accountId: string, { callerId, keyHash }: IdempotencyKey): SQL {
  return sql`${r.accountId} = ${accountId} AND ${r.callerId} = ${callerId} AND ${r.keyHash} = ${keyHash}`
}
