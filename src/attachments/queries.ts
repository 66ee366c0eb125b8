import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { type Columns, fieldsOf, jsonObject, returning, selectList } from '../db/legacy'
import { attachments } from '../db/schema/tickets'
import { run, select } from '../db/statement'
import { type ChangeRecord, hasChanged } from '../db/ticket-change'
import { type ChildWindow, childrenPage, nextTime, sortDirection } from '../db/ticket-children'
import { visibleChildren, visibleTicket, visibleTickets } from '../db/visibility'

export interface AttachmentRow {
  id: string
  comment_id: string | null
  filename: string
  size: number
  mime_type: string
  sha256: string
  created_at: number
}

const f = alias(attachments, 'f')

const COLUMNS: Columns<AttachmentRow> = {
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

/**
 * Makes stored files attachments of a ticket that the caller may see, or of one of its comments. A file whose intent the
 * sweep has taken back has no ID to insert, so that the whole batch fails.
 */
export function insertAttachments(
  caller: Caller,
  parent: { ticketId: string; commentId: string | null; isInternal: boolean },
  files: StoredFile[],
  writeTime: SQL,
) {
  const { accountId } = caller
  return run(sql`
    INSERT INTO attachments
      (account_id, id, ticket_id, comment_id, is_internal, filename, size, mime_type, sha256, created_at)
    SELECT t.account_id, i.id, t.id, ${parent.commentId}, ${parent.isInternal ? 1 : 0},
      j.value ->> 'filename', j.value ->> 'size', j.value ->> 'mime_type', j.value ->> 'sha256',
      ${nextTime(accountId, 'attachments', parent.ticketId, sql`${writeTime} - ${files.length - 1}`)} + j.key
    FROM tickets t JOIN json_each(${JSON.stringify(files)}) j
    LEFT JOIN object_intents i ON i.account_id = t.account_id AND i.id = j.value ->> 'id' AND i.kind = 'upload'
    WHERE ${visibleTicket(caller, parent.ticketId)}
      AND (${parent.commentId} IS NULL
        OR EXISTS (SELECT 1 FROM comments WHERE account_id = ${accountId} AND id = ${parent.commentId}))
    ORDER BY j.key`)
}

/** Lets go of the objects of a ticket that is about to be deleted, and of their rows. */
export function deleteAttachmentsOfTicket(accountId: string, ticketId: string, now: number) {
  return deleteAttachments(sql`account_id = ${accountId} AND ticket_id = ${ticketId}`, now)
}

/** As `deleteAttachmentsOfTicket`, of a comment, if the change has left a trace. */
export function deleteAttachmentsOfComment(change: ChangeRecord, commentId: string) {
  const { caller, now } = change
  const ofComment = sql`comment_id IS NOT NULL AND comment_id = ${commentId}`
  return deleteAttachments(sql`account_id = ${caller.accountId} AND ${ofComment} AND ${hasChanged(change)}`, now)
}

/** As `deleteAttachmentsOfTicket`, of one attachment. */
export function deleteAttachment({ caller, ticketId, now }: ChangeRecord, id: string) {
  return deleteAttachments(sql`account_id = ${caller.accountId} AND ticket_id = ${ticketId} AND id = ${id}`, now)
}

function deleteAttachments(those: SQL, now: number) {
  return [
    run(sql`
      INSERT INTO object_intents (account_id, id, kind, created_at)
      SELECT account_id, id, 'delete', ${now} FROM attachments WHERE ${those}`),
    run(sql`DELETE FROM attachments WHERE ${those}`),
  ]
}

/** The latest attachments of a ticket and its comments that the caller may see, oldest first. */
export function findLatestAttachments(caller: Caller, ticketId: string, limit: number) {
  return returning(
    select<AttachmentRow>(sql`
      SELECT * FROM (
        SELECT f.seq, ${selectList(COLUMNS)} FROM attachments f
        WHERE ${visibleChildren(caller, f)} AND f.ticket_id = ${ticketId}
        ORDER BY f.seq DESC LIMIT ${limit})
      ORDER BY seq`),
    fieldsOf(COLUMNS),
  )
}

/**
 * A slice of the attachments of a ticket and its comments that the caller may see, oldest first (towards the beginning:
 * newest first).
 */
export function findAttachments(caller: Caller, ticketId: string, window: ChildWindow) {
  return select<AttachmentRow>(sql`
    SELECT ${selectList(COLUMNS)}
    FROM (${childrenPage(caller, 'attachments', ticketId, ({ rowId }) => rowId, window)}) page
    CROSS JOIN attachments f ON f.seq = page.seq AND f.account_id = ${caller.accountId}
    ORDER BY f.seq ${sortDirection(window)}`)
}

/** One attachment, if the caller may see it. */
export function findAttachment(caller: Caller, id: string) {
  return returning(
    select<AttachmentRow>(sql`
      SELECT ${selectList(COLUMNS)} FROM attachments f
      WHERE ${visibleChildren(caller, f)} AND f.id = ${id}
        AND EXISTS (SELECT 1 FROM tickets t WHERE ${visibleTickets(caller)} AND t.id = f.ticket_id)`),
    fieldsOf(COLUMNS),
  )
}

/** The attachments of one comment, oldest first. */
export function findAttachmentsOfComment(accountId: string, commentId: string) {
  return findAttachmentsOfComments(accountId, sql`${commentId}`)
}

/** The attachments of the comments whose IDs the SQL expression gives, oldest first. */
export function findAttachmentsOfComments(accountId: string, commentIds: SQL) {
  return returning(
    select<AttachmentRow>(sql`
      SELECT ${selectList(COLUMNS)} FROM attachments f
      WHERE f.account_id = ${accountId} AND f.comment_id IS NOT NULL AND f.comment_id IN (${commentIds})
      ORDER BY f.seq`),
    fieldsOf(COLUMNS),
  )
}

/** The JSON images of the attachments of a ticket itself, or of a comment, as an SQL expression. */
export function attachmentsJson(accountId: string, parent: { ticketId: string } | { commentId: string }): SQL {
  const condition =
    'ticketId' in parent
      ? sql`f.ticket_id = ${parent.ticketId} AND f.comment_id IS NULL`
      : sql`f.comment_id IS NOT NULL AND f.comment_id = ${parent.commentId}`
  return sql`(SELECT json_group_array(${jsonObject(COLUMNS)}) FROM attachments f
    WHERE f.account_id = ${accountId} AND ${condition})`
}

/** An attachment by its ID. It does not ask who may see it: the caller has shown a signed address. */
export function findFile(accountId: string, id: string) {
  return select<AttachmentRow>(sql`
    SELECT ${selectList(COLUMNS)} FROM attachments f WHERE f.account_id = ${accountId} AND f.id = ${id}`)
}
