import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { byPlan } from '../db/by-plan'
import { hasIdempotencyRecord, type IdempotencyKey } from '../db/idempotency-records'
import { accountCounters, accounts } from '../db/schema/accounts'
import { attachments, objectIntents, tickets } from '../db/schema/tickets'
import { sql } from '../db/sql'
import { query, select } from '../db/statement'
import { areAssignable, type TicketMembers } from '../db/ticket-members'
import { visibleTicket } from '../db/visibility'
import { deleteFrom, insertSelect, update } from '../db/write'

const MAX_ATTACHMENTS_PER_TICKET = 500
/** Bytes for each plan, as in `migrations/0007_attachments.sql`. */
const STORAGE = { standard: 5_000_000_000, premium: 100_000_000_000 }

type IntentKind = (typeof objectIntents)['$inferSelect']['kind']

const KIND = { upload: 'upload', delete: 'delete' } as const satisfies { [Kind in IntentKind]: Kind }

/** Bytes that are about to be stored. */
export interface Upload {
  id: string
  size: number
}

/** Files are stored for a ticket that the caller may see, or for a new ticket whose members are valid. */
export type UploadPrecondition = { ticketId: string } | { members: TicketMembers }

const t = alias(tickets, 't')
const s = alias(accountCounters, 's')
const a = alias(accounts, 'a')
const MAX_STORED_BYTES = byPlan(a.plan, STORAGE)
const i = objectIntents

export function checkUploadQuota(caller: Caller, uploads: Upload[], precondition: UploadPrecondition) {
  const { isMet, fitsTicket, fitsAccount } = conditions(caller, uploads, precondition)
  return select({ is_met: isMet, fits_ticket: fitsTicket, fits_account: fitsAccount }, sql``)
}

/** Inserts an intent for each upload if every check passes and the request did not run before. Inserts none twice. */
export function insertIntents(
  caller: Caller,
  uploads: Upload[],
  precondition: UploadPrecondition,
  key: IdempotencyKey | null,
  now: number,
) {
  const { isMet, fitsTicket, fitsAccount } = conditions(caller, uploads, precondition)
  return insertSelect(
    i,
    { accountId: caller.accountId, id: sql`value`, kind: KIND.upload, createdAt: now },
    sql`FROM json_each(${JSON.stringify(uploads.map(({ id }) => id))})
    WHERE ${isMet} AND ${fitsTicket} AND ${fitsAccount}
      ${key ? sql`AND NOT ${hasIdempotencyRecord(caller.accountId, key, now)}` : sql``}
    ON CONFLICT DO NOTHING`,
  )
}

function conditions(caller: Caller, uploads: Upload[], precondition: UploadPrecondition) {
  const { accountId } = caller
  const bytes = uploads.reduce((sum, { size }) => sum + size, 0)
  const fitsAccount = sql<number>`EXISTS (SELECT 1 FROM ${s} JOIN ${a} ON ${a.id} = ${s.accountId}
    WHERE ${s.accountId} = ${accountId}
      AND ${s.storedBytes} + ${bytes} <= ${MAX_STORED_BYTES})`
  if ('members' in precondition) {
    const isMet = sql<number>`(${areAssignable(accountId, precondition.members)})`
    return { isMet, fitsTicket: sql<number>`1`, fitsAccount }
  }
  const { ticketId } = precondition
  return {
    isMet: sql<number>`EXISTS (SELECT 1 FROM ${t} WHERE ${visibleTicket(caller, ticketId)})`,
    fitsTicket: sql<number>`NOT EXISTS (SELECT 1 FROM ${t} WHERE ${visibleTicket(caller, ticketId)}
      AND ${t.publicAttachments} + ${t.internalAttachments} + ${uploads.length} > ${MAX_ATTACHMENTS_PER_TICKET})`,
    fitsAccount,
  }
}

/** Completes intents of either kind. */
export function deleteIntents(accountId: string, ids: string[]) {
  const those = sql`SELECT value FROM json_each(${JSON.stringify(ids)})`
  return deleteFrom(i, sql`${i.accountId} = ${accountId} AND ${i.id} IN (${those})`)
}

/** Turns intents to upload from before a time (ms) into intents to delete. */
export function expireUploads(accountId: string, before: number) {
  return update(
    i,
    { kind: KIND.delete },
    sql`${i.accountId} = ${accountId} AND ${i.kind} = ${KIND.upload} AND ${i.createdAt} < ${before}`,
  )
}

/**
 * Writes intents to delete for the files of a failed request, even if the sweep deleted their intents before their bytes
 * were stored. Files that did become attachments are kept.
 */
export function releaseUploadIntents(accountId: string, ids: string[], now: number) {
  const f = attachments
  return insertSelect(
    i,
    { accountId, id: sql`j.value`, kind: KIND.delete, createdAt: now },
    sql`FROM json_each(${JSON.stringify(ids)}) j
    WHERE NOT EXISTS (SELECT 1 FROM ${f} WHERE ${f.accountId} = ${accountId} AND ${f.id} = j.value)
    ON CONFLICT (${i.accountId}, ${i.id}) DO UPDATE SET ${i.kind} = ${KIND.delete}`,
  )
}

export function findObjectsToDelete(accountId: string, limit: number) {
  return select(
    { id: i.id },
    sql`FROM ${i} WHERE ${i.accountId} = ${accountId} AND ${i.kind} = ${KIND.delete} LIMIT ${limit}`,
  )
}

/** Across accounts: those with intents to delete or to upload from before these times (ms). Only for the sweep. */
export function findAccountsToClean(deletesBefore: number, uploadsBefore: number, limit: number) {
  return query(
    { account_id: i.accountId },
    sql`SELECT DISTINCT ${i.accountId} FROM ${i}
    WHERE ${i.createdAt} < ${deletesBefore} AND (${i.kind} = ${KIND.delete} OR ${i.createdAt} < ${uploadsBefore})
    LIMIT ${limit}`,
  )
}
