import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { hasIdempotencyRecord, type IdempotencyKey } from '../db/idempotency-records'
import { run, select } from '../db/statement'
import { areAssignable, type TicketMembers } from '../db/ticket-members'
import { visibleTicket } from '../db/visibility'

const ATTACHMENTS_A_TICKET = 500
/** Bytes of an account, as `migrations/0007_attachments.sql` has them too. */
const STORAGE = { standard: 5_000_000_000, premium: 100_000_000_000 }

/** Bytes that are about to be stored. */
export interface Upload {
  id: string
  size: number
}

/** Under what condition files are stored: for a ticket that the caller may see, or for one yet to be made. */
export type UploadPrecondition = { ticketId: string } | { references: TicketMembers }

/** Whether the gate is open, the ticket takes as many files and the account as many bytes. */
export function checkUploadQuota(caller: Caller, uploads: Upload[], gate: UploadPrecondition) {
  const { isOpen, hasPlace, hasStorage } = conditions(caller, uploads, gate)
  return select<{ is_open: number; has_place: number; has_storage: number }>(sql`
    SELECT ${isOpen} AS is_open, ${hasPlace} AS has_place, ${hasStorage} AS has_storage`)
}

/** Announces uploads, if all of that is so, and the request was not carried out before. */
export function insertIntents(
  caller: Caller,
  uploads: Upload[],
  gate: UploadPrecondition,
  key: IdempotencyKey | null,
  now: number,
) {
  const { isOpen, hasPlace, hasStorage } = conditions(caller, uploads, gate)
  return run(sql`
    INSERT INTO object_intents (account_id, id, kind, created_at)
    SELECT ${caller.accountId}, value, 'upload', ${now} FROM json_each(${JSON.stringify(uploads.map(({ id }) => id))})
    WHERE ${isOpen} AND ${hasPlace} AND ${hasStorage}
      ${key ? sql`AND NOT ${hasIdempotencyRecord(caller.accountId, key, now)}` : sql``}`)
}

function conditions(caller: Caller, uploads: Upload[], gate: UploadPrecondition): Record<string, SQL> {
  const { accountId } = caller
  const bytes = uploads.reduce((sum, { size }) => sum + size, 0)
  const hasStorage = sql`EXISTS (SELECT 1 FROM account_state s JOIN accounts a ON a.id = s.account_id
    WHERE s.account_id = ${accountId}
      AND s.stored_bytes + ${bytes} <= CASE a.plan WHEN 'premium' THEN ${STORAGE.premium} ELSE ${STORAGE.standard} END)`
  if ('references' in gate)
    return { isOpen: sql`(${areAssignable(accountId, gate.references)})`, hasPlace: sql`1`, hasStorage }
  return {
    isOpen: sql`EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTicket(caller, gate.ticketId)})`,
    hasPlace: sql`NOT EXISTS (SELECT 1 FROM tickets t WHERE t.account_id = ${accountId} AND t.id = ${gate.ticketId}
      AND t.public_attachments + t.internal_attachments + ${uploads.length} > ${ATTACHMENTS_A_TICKET})`,
    hasStorage,
  }
}

/** Settles intents of either kind: what they announced has come to its end. */
export function deleteIntents(accountId: string, ids: string[]) {
  return run(sql`
    DELETE FROM object_intents
    WHERE account_id = ${accountId} AND id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
}

/** Turns intents to upload that are older than `before` (ms) into intents to delete. */
export function expireUploads(accountId: string, before: number) {
  return run(sql`
    UPDATE object_intents SET kind = 'delete'
    WHERE account_id = ${accountId} AND kind = 'upload' AND created_at < ${before}`)
}

/**
 * Writes intents to delete for files whose deed failed, also where the sweep had settled their intents before their
 * bytes came. A deed that took effect after all keeps its files.
 */
export function releaseUploadIntents(accountId: string, ids: string[], now: number) {
  return run(sql`
    INSERT INTO object_intents (account_id, id, kind, created_at)
    SELECT ${accountId}, j.value, 'delete', ${now} FROM json_each(${JSON.stringify(ids)}) j
    WHERE NOT EXISTS (SELECT 1 FROM attachments f WHERE f.account_id = ${accountId} AND f.id = j.value)
    ON CONFLICT (account_id, id) DO UPDATE SET kind = 'delete'`)
}

/** The IDs of stored objects that are to be deleted, at most `limit`. */
export function findObjectsToDelete(accountId: string, limit: number) {
  return select<{ id: string }>(sql`
    SELECT id FROM object_intents WHERE account_id = ${accountId} AND kind = 'delete' LIMIT ${limit}`)
}

/**
 * The accounts that have intents to delete of before a time (ms), or intents to upload of before another. The sweep's own
 * question, which no caller can ask.
 */
export function findAccountsToClean(deletesBefore: number, uploadsBefore: number, limit: number) {
  return select<{ account_id: string }>(sql`
    SELECT DISTINCT account_id FROM object_intents
    WHERE created_at < ${deletesBefore} AND (kind = 'delete' OR created_at < ${uploadsBefore}) LIMIT ${limit}`)
}
