import type { Caller } from '../core/caller'
import { alias } from '../db/alias'
import { recordCommentErasure } from '../db/erasures'
import { type Json, jsonObject } from '../db/json'
import { insertEvent, reserveSequences } from '../db/outbox'
import { users } from '../db/schema/accounts'
import { comments, tickets } from '../db/schema/tickets'
import { type RowOf, selection } from '../db/selection'
import { type SQL, sql } from '../db/sql'
import { select } from '../db/statement'
import { type ChangeRecord, hasChanged } from '../db/ticket-change'
import { type ChildWindow, childrenPage, nextChildTime, sortDirection } from '../db/ticket-children'
import { visibleChildren, visibleTicket } from '../db/visibility'
import { deleteFrom, insertSelect, update } from '../db/write'
import { lastWriteTime, nextWriteTime, type WriteClock } from '../db/write-time'

const c = alias(comments, 'c')
const p = alias(comments, 'p')
const t = alias(tickets, 't')
const author = alias(users, 'author')
const latest = alias(comments, 'latest')
const page = alias(comments, 'page')

const COMMENT = selection({
  id: c.id,
  content: c.content,
  created_at: c.createdAt,
  created_by_id: c.createdBy,
  created_by_name: author.name,
  created_by_email: author.email,
  is_internal: c.isInternal,
})

export type CommentRow = RowOf<typeof COMMENT>

const AUTHOR_JOIN = sql`JOIN ${author} ON ${author.accountId} = ${c.accountId} AND ${author.id} = ${c.createdBy}`

/** The latest comments of a ticket that the caller may see, oldest first. */
export function findLatestComments(caller: Caller, ticketId: string, limit: number) {
  const rows = sql`SELECT ${c.rowId} FROM ${c}
    WHERE ${visibleChildren(caller, c)} AND ${c.ticketId} = ${ticketId} ORDER BY ${c.rowId} DESC LIMIT ${limit}`
  return select(
    COMMENT,
    sql`FROM (${rows}) latest
      CROSS JOIN ${c} ON ${c.rowId} = ${latest.rowId} AND ${c.accountId} = ${caller.accountId} ${AUTHOR_JOIN}
      ORDER BY ${c.rowId}`,
  )
}

/** A page of the comments of a ticket that the caller may see, oldest first (backwards: newest first). */
export function findComments(caller: Caller, ticketId: string, window: ChildWindow) {
  const rows = childrenPage(caller, 'comments', ticketId, ({ rowId }) => rowId, window)
  return select(
    COMMENT,
    sql`FROM (${rows}) page
      CROSS JOIN ${c} ON ${c.rowId} = ${page.rowId} AND ${c.accountId} = ${caller.accountId} ${AUTHOR_JOIN}
      ORDER BY ${c.rowId} ${sortDirection(window)}`,
  )
}

/** The IDs of that page, as a query. */
export function commentIdsOf(caller: Caller, ticketId: string, window: ChildWindow): SQL {
  return childrenPage(caller, 'comments', ticketId, ({ id }) => id, window)
}

interface NewComment {
  id: string
  ticketId: string
  content: string
  isInternal: boolean
}

/** Inserts a comment, if the caller may see the ticket. A public one gives the ticket a new version. */
export function insertComment(caller: Caller, comment: NewComment, clock: WriteClock) {
  const { accountId } = caller
  const wasInserted = commentExists(accountId, comment.id)
  const newVersion = update(
    tickets,
    { version: sql`${tickets.version} + 1`, updatedAt: lastWriteTime(accountId) },
    sql`${tickets.accountId} = ${accountId} AND ${tickets.id} = ${comment.ticketId} AND ${wasInserted}`,
  )
  return [
    insertSelect(
      comments,
      {
        accountId: t.accountId,
        id: comment.id,
        ticketId: t.id,
        createdBy: caller.id,
        content: comment.content,
        isInternal: Number(comment.isInternal),
        createdAt: nextChildTime(accountId, 'comments', comment.ticketId, nextWriteTime(accountId, clock)),
      },
      sql`FROM ${t} WHERE ${visibleTicket(caller, comment.ticketId)}`,
    ),
    reserveSequences(accountId, clock, wasInserted),
    ...(comment.isInternal ? [] : [newVersion]),
  ]
}

const COMMENTED_TICKET = selection({ id: t.id, number: t.number, title: t.title, status: t.status })

export function insertCommentEvent<Attachments>(
  accountId: string,
  comment: NewComment,
  eventId: string,
  attachments: Json<Attachments>,
) {
  return insertEvent({
    id: eventId,
    type: 'comment.created',
    accountId,
    ticketId: comment.ticketId,
    commentId: comment.id,
    isInternal: comment.isInternal,
    data: jsonObject({ comment: COMMENT.json, attachments, ticket: COMMENTED_TICKET.json }),
    from: sql`${c} ${AUTHOR_JOIN} JOIN ${t} ON ${t.accountId} = ${c.accountId} AND ${t.id} = ${c.ticketId}
      WHERE ${c.accountId} = ${accountId} AND ${c.id} = ${comment.id}`,
  })
}

/**
 * Deletes a comment and records that its texts are to be erased, if the change was recorded. Its attachments must have been
 * deleted.
 */
export function deleteComment(change: ChangeRecord, commentId: string) {
  const { accountId } = change.caller
  return [
    recordCommentErasure(change, commentId),
    deleteFrom(
      comments,
      sql`${comments.accountId} = ${accountId} AND ${comments.id} = ${commentId} AND ${hasChanged(change)}`,
    ),
  ]
}

/** Whether the member wrote the comment with the alias `p`. */
export function isWrittenBy(memberId: string): SQL {
  return sql`${p.createdBy} = ${memberId}`
}

/** Without a check of visibility: for agents and admins. */
export function findCommentOf(accountId: string, ticketId: string, id: string) {
  return select(
    { id: comments.id },
    sql`FROM ${comments}
      WHERE ${comments.accountId} = ${accountId} AND ${comments.ticketId} = ${ticketId} AND ${comments.id} = ${id}`,
  )
}

/** Without a check of visibility: for the author. */
export function findComment(accountId: string, id: string) {
  return select(COMMENT, sql`FROM ${c} ${AUTHOR_JOIN} WHERE ${c.accountId} = ${accountId} AND ${c.id} = ${id}`)
}

function commentExists(accountId: string, id: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${comments} WHERE ${comments.accountId} = ${accountId} AND ${comments.id} = ${id})`
}
