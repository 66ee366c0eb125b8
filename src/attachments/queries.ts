import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../context'
import { rows, write } from '../db/client'
import { fieldsOf, type Image, jsonImage, selectList } from '../db/image'
import { answer } from '../db/once'
import { mayBeNamed, type References } from '../db/references'
import { visibleParts, visibleTicket } from '../db/visibility'

export interface AttachmentRow {
  id: string
  comment_id: string | null
  filename: string
  size: number
  mime_type: string
  sha256: string
  created_at: number
}

const COLUMNS: Image<AttachmentRow> = {
  id: 'f.id',
  comment_id: 'f.comment_id',
  filename: 'f.filename',
  size: 'f.size',
  mime_type: 'f.mime_type',
  sha256: 'f.sha256',
  created_at: 'f.created_at',
}

/** What becomes a row of `attachments` once its bytes are stored. */
export interface StoredFile {
  id: string
  filename: string
  size: number
  mime_type: string
  sha256: string
}

/** Under what condition files are stored: for a ticket that the caller may see, or for one yet to be made. */
export type UploadGate = { ticketId: string } | { references: References }

/** Announces uploads, if the gate is open; gives the announced IDs. */
export function insertIntents(caller: Caller, ids: string[], gate: UploadGate, now: number) {
  const condition =
    'ticketId' in gate
      ? sql`EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTicket(caller, gate.ticketId)})`
      : mayBeNamed(caller.accountId, gate.references)
  return rows<{ id: string }>(sql`
    INSERT INTO object_intents (account_id, id, kind, created_at)
    SELECT ${caller.accountId}, value, 'upload', ${now} FROM json_each(${JSON.stringify(ids)}) WHERE ${condition}
    RETURNING id`)
}

/**
 * Makes stored files attachments of a ticket or of one of its comments. A file whose intent the sweep has taken back
 * has no ID to insert, so that the whole batch fails.
 */
export function insertAttachments(
  accountId: string,
  parent: { ticketId: string; commentId: string | null; isInternal: boolean },
  files: StoredFile[],
  now: number,
) {
  return write(sql`
    INSERT INTO attachments
      (account_id, id, ticket_id, comment_id, is_internal, filename, size, mime_type, sha256, created_at)
    SELECT t.account_id, i.id, t.id, ${parent.commentId}, ${parent.isInternal ? 1 : 0},
      j.value ->> 'filename', j.value ->> 'size', j.value ->> 'mime_type', j.value ->> 'sha256', ${now}
    FROM tickets t JOIN json_each(${JSON.stringify(files)}) j
    LEFT JOIN object_intents i ON i.account_id = t.account_id AND i.id = j.value ->> 'id' AND i.kind = 'upload'
    WHERE t.account_id = ${accountId} AND t.id = ${parent.ticketId}
      AND (${parent.commentId} IS NULL
        OR EXISTS (SELECT 1 FROM comments WHERE account_id = ${accountId} AND id = ${parent.commentId}))
    ORDER BY j.key`)
}

/** Settles intents of either kind: what they announced has come to its end. */
export function deleteIntents(accountId: string, ids: string[]) {
  return write(sql`
    DELETE FROM object_intents
    WHERE account_id = ${accountId} AND id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`)
}

/** Turns intents to upload that are older than `before` (ms) into intents to delete. */
export function abandonUploads(accountId: string, before: number) {
  return write(sql`
    UPDATE object_intents SET kind = 'delete'
    WHERE account_id = ${accountId} AND kind = 'upload' AND created_at < ${before}`)
}

/**
 * Writes intents to delete for files whose deed failed, also where the sweep had settled their intents before their
 * bytes came. A deed that took effect after all keeps its files.
 */
export function discardUploads(accountId: string, ids: string[], now: number) {
  return write(sql`
    INSERT INTO object_intents (account_id, id, kind, created_at)
    SELECT ${accountId}, j.value, 'delete', ${now} FROM json_each(${JSON.stringify(ids)}) j
    WHERE NOT EXISTS (SELECT 1 FROM attachments f WHERE f.account_id = ${accountId} AND f.id = j.value)
    ON CONFLICT (account_id, id) DO UPDATE SET kind = 'delete'`)
}

/** The IDs of stored objects that are to be deleted, at most `limit`. */
export function findObjectsToDelete(accountId: string, limit: number) {
  return rows<{ id: string }>(sql`
    SELECT id FROM object_intents WHERE account_id = ${accountId} AND kind = 'delete' LIMIT ${limit}`)
}

/** The accounts that have intents older than `before` (ms). The sweep's own question, which no caller can ask. */
export function findAccountsWithIntents(before: number, limit: number) {
  return rows<{ account_id: string }>(sql`
    SELECT account_id FROM object_intents WHERE created_at < ${before} GROUP BY account_id LIMIT ${limit}`)
}

/** Lets go of the objects of a ticket that is about to be deleted, and of their rows. */
export function deleteAttachmentsOfTicket(accountId: string, ticketId: string, now: number) {
  const those = sql`account_id = ${accountId} AND ticket_id = ${ticketId}`
  return [
    write(sql`
      INSERT INTO object_intents (account_id, id, kind, created_at)
      SELECT account_id, id, 'delete', ${now} FROM attachments WHERE ${those}`),
    write(sql`DELETE FROM attachments WHERE ${those}`),
  ]
}

/** The latest attachments of a ticket and its comments that the caller may see, oldest first. */
export function findLatestAttachments(caller: Caller, ticketId: string, limit: number) {
  return answer(
    rows<AttachmentRow>(sql`
      SELECT * FROM (
        SELECT f.seq, ${selectList(COLUMNS)} FROM attachments f
        WHERE ${visibleParts(caller, 'f')} AND f.ticket_id = ${ticketId}
        ORDER BY f.seq DESC LIMIT ${limit})
      ORDER BY seq`),
    fieldsOf(COLUMNS),
  )
}

/** The attachments of one comment, oldest first. */
export function findAttachmentsOfComment(accountId: string, commentId: string) {
  return findAttachmentsOfComments(accountId, sql`${commentId}`)
}

/** The attachments of the comments whose IDs the SQL expression gives, oldest first. */
export function findAttachmentsOfComments(accountId: string, commentIds: SQL) {
  return answer(
    rows<AttachmentRow>(sql`
      SELECT ${selectList(COLUMNS)} FROM attachments f
      WHERE f.account_id = ${accountId} AND f.comment_id IS NOT NULL AND f.comment_id IN (${commentIds})
      ORDER BY f.seq`),
    fieldsOf(COLUMNS),
  )
}

/** The JSON images of the attachments of a ticket itself, or of a comment, as an SQL expression. */
export function attachmentImages(accountId: string, parent: { ticketId: string } | { commentId: string }): SQL {
  const condition =
    'ticketId' in parent
      ? sql`f.ticket_id = ${parent.ticketId} AND f.comment_id IS NULL`
      : sql`f.comment_id IS NOT NULL AND f.comment_id = ${parent.commentId}`
  return sql`(SELECT json_group_array(${jsonImage(COLUMNS)}) FROM attachments f
    WHERE f.account_id = ${accountId} AND ${condition})`
}

/** An attachment by its ID. It does not ask who may see it: the caller has shown a signed address. */
export function findFile(accountId: string, id: string) {
  return rows<AttachmentRow>(sql`
    SELECT ${selectList(COLUMNS)} FROM attachments f WHERE f.account_id = ${accountId} AND f.id = ${id}`)
}
