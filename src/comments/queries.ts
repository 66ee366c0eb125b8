import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { returning } from '../db/idempotency-records'
import { insertEvent, reserveSequences } from '../db/outbox'
import { fieldsOf, jsonObject, type Selection, selectList } from '../db/selection'
import { run, select } from '../db/statement'
import { type ChangeRecord, hasChanged } from '../db/ticket-change'
import { type ChildWindow, childrenPage, nextTime, sortDirection } from '../db/ticket-children'
import { visibleChildren, visibleTicket } from '../db/visibility'
import { lastWriteTime, nextWriteTime, type WriteClock } from '../db/write-time'

export interface CommentRow {
  id: string
  content: string
  created_at: number
  created_by_id: string
  created_by_name: string
  created_by_email: string
  is_internal: number
}

const COLUMNS: Selection<CommentRow> = {
  id: 'c.id',
  content: 'c.content',
  created_at: 'c.created_at',
  created_by_id: 'c.created_by',
  created_by_name: 'author.name',
  created_by_email: 'author.email',
  is_internal: 'c.is_internal',
}

const AUTHOR = sql`JOIN users author ON author.account_id = c.account_id AND author.id = c.created_by`

/** The latest comments of a ticket that the caller may see, oldest first. */
export function findLatestComments(caller: Caller, ticketId: string, limit: number) {
  return select<CommentRow>(sql`
    SELECT ${selectList(COLUMNS)} FROM (
      SELECT c.seq FROM comments c
      WHERE ${visibleChildren(caller, 'c')} AND c.ticket_id = ${ticketId}
      ORDER BY c.seq DESC LIMIT ${limit}) latest
    CROSS JOIN comments c ON c.seq = latest.seq AND c.account_id = ${caller.accountId} ${AUTHOR}
    ORDER BY c.seq`)
}

/** A slice of the comments of a ticket that the caller may see, oldest first (towards the beginning: newest first). */
export function findComments(caller: Caller, ticketId: string, window: ChildWindow) {
  return select<CommentRow>(sql`
    SELECT ${selectList(COLUMNS)}
    FROM (${childrenPage(caller, 'comments', ticketId, sql`p.seq`, window)}) page
    CROSS JOIN comments c ON c.seq = page.seq AND c.account_id = ${caller.accountId} ${AUTHOR}
    ORDER BY c.seq ${sortDirection(window)}`)
}

/** The IDs of that slice, as an SQL expression. */
export function commentIdsOf(caller: Caller, ticketId: string, window: ChildWindow): SQL {
  return childrenPage(caller, 'comments', ticketId, sql`p.id`, window)
}

interface NewComment {
  id: string
  ticketId: string
  content: string
  isInternal: boolean
}

/** Adds a comment, if the caller may see the ticket. A public one is a new version of the ticket. */
export function insertComment(caller: Caller, comment: NewComment, clock: WriteClock) {
  const { accountId } = caller
  const there = exists(accountId, comment.id)
  return [
    run(sql`
      INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
      SELECT t.account_id, ${comment.id}, t.id, ${caller.id}, ${comment.content}, ${comment.isInternal ? 1 : 0},
        ${nextTime(accountId, 'comments', comment.ticketId, nextWriteTime(accountId, clock))}
      FROM tickets t WHERE ${visibleTicket(caller, comment.ticketId)}`),
    reserveSequences(accountId, clock, there),
    ...(comment.isInternal
      ? []
      : [
          run(sql`
            UPDATE tickets SET version = version + 1, updated_at = ${lastWriteTime(accountId)}
            WHERE account_id = ${accountId} AND id = ${comment.ticketId} AND ${there}`),
        ]),
  ]
}

/** Writes the event of a new comment. `attachments` is the SQL expression of the images of its attachments. */
export function insertCommentEvent(accountId: string, comment: NewComment, eventId: string, attachments: SQL) {
  return insertEvent({
    id: eventId,
    type: 'comment.created',
    accountId,
    ticketId: comment.ticketId,
    isInternal: comment.isInternal,
    data: sql`json_object('comment', json(${jsonObject(COLUMNS)}), 'attachments', json(${attachments}),
      'ticket', json_object('id', t.id, 'number', t.number, 'title', t.title, 'status', t.status))`,
    from: sql`comments c ${AUTHOR} JOIN tickets t ON t.account_id = c.account_id AND t.id = c.ticket_id
      WHERE c.account_id = ${accountId} AND c.id = ${comment.id}`,
  })
}

/** Deletes a comment, if the change has left a trace; its attachments must be gone before. */
export function deleteComment(change: ChangeRecord, commentId: string) {
  return run(sql`
    DELETE FROM comments
    WHERE account_id = ${change.caller.accountId} AND id = ${commentId} AND ${hasChanged(change)}`)
}

/** That the comment `p` is one that the member wrote. */
export function isWrittenBy(memberId: string): SQL {
  return sql`p.created_by = ${memberId}`
}

/** Whether a ticket has the comment: without regard to who sees it, for an answer to agents and admins. */
export function findCommentOf(accountId: string, ticketId: string, id: string) {
  return returning(
    select<{ id: string }>(sql`
      SELECT id FROM comments WHERE account_id = ${accountId} AND ticket_id = ${ticketId} AND id = ${id}`),
    ['id'],
  )
}

/** One comment of an account with its author, for an answer to who wrote it: it does not ask who may see it. */
export function findComment(accountId: string, id: string) {
  return returning(
    select<CommentRow>(sql`
      SELECT ${selectList(COLUMNS)} FROM comments c ${AUTHOR} WHERE c.account_id = ${accountId} AND c.id = ${id}`),
    fieldsOf(COLUMNS),
  )
}

function exists(accountId: string, id: string): SQL {
  return sql`EXISTS (SELECT 1 FROM comments WHERE account_id = ${accountId} AND id = ${id})`
}
