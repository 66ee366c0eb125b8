import { type SQL, sql } from 'drizzle-orm'
import type { Caller } from '../context'
import { rows, write } from '../db/client'
import { type Image, jsonImage, selectList } from '../db/image'
import { insertEvent, takeSequences } from '../db/outbox'
import { limitOf } from '../db/paging'
import { visibleParts, visibleTicket } from '../db/visibility'
import { seesInternal } from '../roles'

export interface CommentRow {
  id: string
  content: string
  created_at: number
  created_by_id: string
  created_by_name: string
  created_by_email: string
  is_internal: number
}

const COLUMNS: Image = {
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
  return rows<CommentRow>(sql`
    SELECT ${selectList(COLUMNS)} FROM (
      SELECT c.seq FROM comments c
      WHERE ${visibleParts(caller, 'c')} AND c.ticket_id = ${ticketId}
      ORDER BY c.seq DESC LIMIT ${limit}) latest
    CROSS JOIN comments c ON c.seq = latest.seq AND c.account_id = ${caller.accountId} ${AUTHOR}
    ORDER BY c.seq`)
}

/** Where a comment stands in its list, as a cursor keeps it: its ID, and its time (ms) for when it is deleted. */
export interface CommentPlace {
  id: string
  at: number
}

/** A part of a list: after some pages, or beyond a place (null: from an end on), towards its end or its beginning. */
export type CommentSlice =
  | { limit: number; offset: number }
  | { limit: number; beyond: CommentPlace | null; towards: 'next' | 'prev' }

/** A slice of the comments of a ticket that the caller may see, oldest first (towards the beginning: newest first). */
export function findComments(caller: Caller, ticketId: string, slice: CommentSlice) {
  return rows<CommentRow>(sql`
    SELECT ${selectList(COLUMNS)}
    FROM (${sliceOf(caller, ticketId, sql`c.seq`, slice)}) page
    CROSS JOIN comments c ON c.seq = page.seq AND c.account_id = ${caller.accountId} ${AUTHOR}
    ORDER BY c.seq ${wayOf(slice)}`)
}

/** The IDs of that slice, as an SQL expression. */
export function commentIdsOf(caller: Caller, ticketId: string, slice: CommentSlice): SQL {
  return sliceOf(caller, ticketId, sql`c.id`, slice)
}

function sliceOf(caller: Caller, ticketId: string, column: SQL, slice: CommentSlice): SQL {
  const limit = limitOf(slice, () => countComments(caller, ticketId).query)
  return sql`SELECT ${column} FROM comments c
    WHERE ${visibleParts(caller, 'c')} AND c.ticket_id = ${ticketId}${isBeyond(caller, ticketId, slice)}
    ORDER BY c.seq ${wayOf(slice)} LIMIT ${limit} OFFSET ${'offset' in slice ? slice.offset : 0}`
}

function wayOf(slice: CommentSlice): SQL {
  return 'beyond' in slice && slice.towards === 'prev' ? sql`DESC` : sql`ASC`
}

/** Beyond a comment, or where that is deleted beyond those of its time. Begins with AND. */
function isBeyond({ accountId }: Caller, ticketId: string, slice: CommentSlice): SQL {
  if (!('beyond' in slice) || slice.beyond === null) return sql``
  const { id, at } = slice.beyond
  const ofTicket = sql`account_id = ${accountId} AND ticket_id = ${ticketId}`
  const itself = sql`(SELECT seq FROM comments WHERE account_id = ${accountId} AND id = ${id})`
  return slice.towards === 'next'
    ? sql` AND c.seq > coalesce(${itself}, (SELECT max(seq) FROM comments WHERE ${ofTicket} AND created_at <= ${at}), 0)`
    : sql` AND c.seq < coalesce(${itself}, (SELECT min(seq) FROM comments WHERE ${ofTicket} AND created_at >= ${at}),
        (SELECT max(seq) + 1 FROM comments WHERE ${ofTicket}))`
}

/** How many comments the caller may see; no row where it may not see the ticket. */
export function countComments(caller: Caller, ticketId: string) {
  const internal = seesInternal(caller.role) ? sql` + t.internal_comments` : sql``
  return rows<{ total: number }>(sql`
    SELECT t.public_comments${internal} AS total FROM tickets t WHERE ${visibleTicket(caller, ticketId)}`)
}

interface NewComment {
  id: string
  ticketId: string
  content: string
  isInternal: boolean
}

/**
 * Adds a comment, if the caller may see the ticket. A public one is a new version of the ticket. Its time is later than
 * that of the comment before, by which a cursor finds its place again when the comment it stands at is deleted.
 */
export function insertComment(caller: Caller, comment: NewComment, now: number) {
  const { accountId } = caller
  const there = exists(accountId, comment.id)
  const afterLast = sql`(SELECT c.created_at + 1 FROM comments c
    WHERE c.account_id = ${accountId} AND c.ticket_id = ${comment.ticketId} ORDER BY c.seq DESC LIMIT 1)`
  return [
    write(sql`
      INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
      SELECT t.account_id, ${comment.id}, t.id, ${caller.id}, ${comment.content}, ${comment.isInternal ? 1 : 0},
        max(${now}, coalesce(${afterLast}, 0))
      FROM tickets t WHERE ${visibleTicket(caller, comment.ticketId)}`),
    takeSequences(accountId, there),
    ...(comment.isInternal
      ? []
      : [
          write(sql`
            UPDATE tickets SET version = version + 1, updated_at = max(updated_at, ${now})
            WHERE account_id = ${accountId} AND id = ${comment.ticketId} AND ${there}`),
        ]),
  ]
}

/** Writes the event of a new comment. `attachments` is the SQL expression of the images of its attachments. */
export function insertCommentEvent(
  accountId: string,
  comment: NewComment,
  eventId: string,
  attachments: SQL,
  now: number,
) {
  return insertEvent({
    id: eventId,
    type: 'comment.created',
    accountId,
    ticketId: comment.ticketId,
    isInternal: comment.isInternal,
    createdAt: now,
    data: sql`json_object('comment', json(${jsonImage(COLUMNS)}), 'attachments', json(${attachments}),
      'ticket', json_object('id', t.id, 'number', t.number, 'title', t.title, 'status', t.status))`,
    from: sql`comments c ${AUTHOR} JOIN tickets t ON t.account_id = c.account_id AND t.id = c.ticket_id
      WHERE c.account_id = ${accountId} AND c.id = ${comment.id}`,
  })
}

/** One comment of an account with its author, for an answer to who wrote it: it does not ask who may see it. */
export function findComment(accountId: string, id: string) {
  return rows<CommentRow>(sql`
    SELECT ${selectList(COLUMNS)} FROM comments c ${AUTHOR} WHERE c.account_id = ${accountId} AND c.id = ${id}`)
}

function exists(accountId: string, id: string): SQL {
  return sql`EXISTS (SELECT 1 FROM comments WHERE account_id = ${accountId} AND id = ${id})`
}
