import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import type { Json } from '../db/json'
import { type JsonRowOf, jsonTable } from '../db/json-table'
import { accounts } from '../db/schema/accounts'
import { attachments, comments, objectIntents, tickets } from '../db/schema/tickets'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { query, select } from '../db/statement'
import { type ChangeRecord, hasChanged } from '../db/ticket-change'
import { type ChildWindow, childrenPage, nextChildTime, sortDirection } from '../db/ticket-children'
import { visibleAttachmentId, visibleChildren, visibleTicket } from '../db/visibility'
import { deleteFrom, insertSelect } from '../db/write'

const f = alias(attachments, 'f')
const page = alias(attachments, 'page')
const t = alias(tickets, 't')
const i = alias(objectIntents, 'i')
const a = attachments

const ATTACHMENT = selection({
  id: f.id,
  comment_id: f.commentId,
  filename: f.filename,
  size: f.size,
  mime_type: f.mimeType,
  sha256: f.sha256,
  created_at: f.createdAt,
})

export type AttachmentRow = RowOf<typeof ATTACHMENT>

const FILES = jsonTable('j', {
  id: attachments.id,
  filename: attachments.filename,
  size: attachments.size,
  mime_type: attachments.mimeType,
  sha256: attachments.sha256,
})
const { columns: file } = FILES

/** A file whose bytes are stored and that has no row yet. */
export type StoredFile = JsonRowOf<typeof FILES>

/**
 * Inserts attachments of a ticket that the caller may see, or of one of its comments. The batch fails if the sweep has
 * expired the intent of a file: its ID is then NULL.
 */
export function insertAttachments(
  caller: Caller,
  parent: { ticketId: string; commentId: string | null; isInternal: boolean },
  files: StoredFile[],
  writeTime: SQL,
) {
  const { accountId } = caller
  const firstTime = nextChildTime(accountId, 'attachments', parent.ticketId, sql`${writeTime} - ${files.length - 1}`)
  return insertSelect(
    attachments,
    {
      accountId: t.accountId,
      id: i.id,
      ticketId: t.id,
      commentId: parent.commentId,
      isInternal: Number(parent.isInternal),
      filename: file.filename,
      size: file.size,
      mimeType: file.mime_type,
      sha256: file.sha256,
      createdAt: sql`${firstTime} + j.key`,
    },
    sql`FROM ${t} JOIN ${FILES.of(files)}
    LEFT JOIN ${i} ON ${i.accountId} = ${t.accountId} AND ${i.id} = ${file.id} AND ${i.kind} = 'upload'
    WHERE ${visibleTicket(caller, parent.ticketId)}
      AND (${parent.commentId} IS NULL OR EXISTS (SELECT 1 FROM ${comments}
        WHERE ${comments.accountId} = ${accountId} AND ${comments.id} = ${parent.commentId}))
    ORDER BY j.key`,
  )
}

/** Deletes the attachments of a ticket. Their objects are deleted later, by their intents. */
export function deleteAttachmentsOfTicket(accountId: string, ticketId: string, now: number) {
  return deleteAttachments(sql`${a.accountId} = ${accountId} AND ${a.ticketId} = ${ticketId}`, now)
}

/** As `deleteAttachmentsOfTicket` for a comment, if the change was recorded. */
export function deleteAttachmentsOfComment(change: ChangeRecord, commentId: string) {
  const { caller, now } = change
  const ofComment = sql`${a.commentId} IS NOT NULL AND ${a.commentId} = ${commentId}`
  return deleteAttachments(sql`${a.accountId} = ${caller.accountId} AND ${ofComment} AND ${hasChanged(change)}`, now)
}

/** As `deleteAttachmentsOfTicket` for one attachment. */
export function deleteAttachment({ caller, ticketId, now }: ChangeRecord, id: string) {
  const { accountId } = caller
  return deleteAttachments(sql`${a.accountId} = ${accountId} AND ${a.ticketId} = ${ticketId} AND ${a.id} = ${id}`, now)
}

function deleteAttachments(condition: SQL, now: number) {
  const intent = { accountId: a.accountId, id: a.id, kind: 'delete', createdAt: now } as const
  return [insertSelect(objectIntents, intent, sql`FROM ${a} WHERE ${condition}`), deleteFrom(a, condition)]
}

/** The latest attachments of a ticket and its comments that the caller may see, oldest first. */
export function findLatestAttachments(caller: Caller, ticketId: string, limit: number) {
  return query(
    ATTACHMENT,
    sql`SELECT * FROM (
        SELECT ${f.rowId}, ${ATTACHMENT.list} FROM ${f}
        WHERE ${visibleChildren(caller, f, ticketId)}
        ORDER BY ${f.rowId} DESC LIMIT ${limit})
      ORDER BY ${a.rowId}`,
  )
}

/** A page of the attachments of a ticket and its comments that the caller may see, oldest first (backwards: newest first). */
export function findAttachments(caller: Caller, ticketId: string, window: ChildWindow) {
  const rows = childrenPage(caller, 'attachments', ticketId, ({ rowId }) => rowId, window)
  return select(
    ATTACHMENT,
    sql`FROM (${rows}) page
      CROSS JOIN ${f} ON ${f.rowId} = ${page.rowId} AND ${f.accountId} = ${caller.accountId}
      ORDER BY ${f.rowId} ${sortDirection(window)}`,
  )
}

/** One attachment, if the caller may see it. */
export function findAttachment(caller: Caller, id: string) {
  return select(
    ATTACHMENT,
    sql`FROM ${f} WHERE ${f.accountId} = ${caller.accountId} AND ${f.id} = ${visibleAttachmentId(caller, id)}`,
  )
}

/** Oldest first, without a check of visibility. */
export function findAttachmentsOfComment(accountId: string, commentId: string) {
  return findAttachmentsOfComments(accountId, sql`${commentId}`)
}

/** As `findAttachmentsOfComment` for the comments whose IDs a query returns. */
export function findAttachmentsOfComments(accountId: string, commentIds: SQL) {
  return select(
    ATTACHMENT,
    sql`FROM ${f} WHERE ${f.accountId} = ${accountId} AND ${f.commentId} IS NOT NULL AND ${f.commentId} IN (${commentIds})
      ORDER BY ${f.rowId}`,
  )
}

/** The snapshots of the attachments of a ticket itself, or of a comment. */
export function attachmentsJson(
  accountId: string,
  parent: { ticketId: string } | { commentId: string },
): Json<AttachmentRow[]> {
  const condition =
    'ticketId' in parent
      ? sql`${f.ticketId} = ${parent.ticketId} AND ${f.commentId} IS NULL`
      : sql`${f.commentId} IS NOT NULL AND ${f.commentId} = ${parent.commentId}`
  return sql`(SELECT json_group_array(${ATTACHMENT.json}) FROM ${f} WHERE ${f.accountId} = ${accountId} AND ${condition})`
}

/** Without a check of visibility: for a signed URL. */
export function findFile(accountId: string, id: string) {
  return select(ATTACHMENT, sql`FROM ${f} WHERE ${f.accountId} = ${accountId} AND ${f.id} = ${id}`)
}

const PLAN = selection({ plan: accounts.plan })

export function findPlan(accountId: string) {
  return select(PLAN, sql`FROM ${accounts} WHERE ${accounts.id} = ${accountId}`)
}
