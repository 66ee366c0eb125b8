import { z } from '@hono/zod-openapi'
import {
  type AttachmentRow,
  attachFiles,
  attachmentsJson,
  deleteAttachmentsOfComment,
  deleteObjectsLater,
  findAttachmentsOfComment,
  findAttachmentsOfComments,
  presentAttachment,
  releaseUploads,
  storeFiles,
} from '../attachments/service'
import { notFound } from '../core/errors'
import { deletesEveryComment, seesInternal } from '../core/policy'
import { countActiveWebhooks, type EventOf } from '../db/outbox'
import { findChangedFields, recordChildChange } from '../db/ticket-change'
import { type ChildWindow, countChildren } from '../db/ticket-children'
import { positionSchema } from '../http/pagination/cursor'
import { findList, mapList } from '../http/pagination/list'
import { newId } from '../lib/ids'
import { commit, markRedacted } from '../service/commit'
import { constraintError, fieldsForbidden, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { notTheAuthor } from './errors'
import {
  type CommentRow,
  commentIdsOf,
  deleteComment,
  findComment,
  findCommentOf,
  findComments,
  insertComment,
  insertCommentEvent,
  isWrittenBy,
} from './queries'
import { type CreateCommentInput, type ListCommentsInput, presentComment } from './schema'

export { CACHE_CLEARED, LOOKING_INTO_IT, NEW_COMMENT } from './examples'
export { findLatestComments } from './queries'
export { Comment, CommentWithAttachments, presentComment } from './schema'

/** An event and its snapshot. */
export type CommentEvent = EventOf<typeof insertCommentEvent<AttachmentRow[]>>

const CommentPosition = positionSchema(z.object({ id: z.string(), at: z.number().int() }))

/**
 * The comments of a ticket with their attachments, for everyone who may see the ticket; customers do not get internal ones.
 * Throws 404, and 400 for a cursor of another list.
 */
export async function listComments(ctx: ServiceContext, ticketId: string, input: ListCommentsInput) {
  const { accountId, role } = ctx.caller
  const scope = { list: 'comments', accountId, ticketId, internal: seesInternal(role) }
  const find = (window: ChildWindow) => findWindow(ctx, ticketId, window)
  const list = await findList(
    input,
    { reader: ctx.db, scope, position: CommentPosition, keyOf: ({ id, created_at }) => ({ id, at: created_at }) },
    { findPage: find, findAfter: async (window) => (await find(window)).rows },
  )
  return mapList(list, (row) => presentWithAttachments(ctx, row, row.attachments))
}

async function findWindow({ caller, db }: ServiceContext, ticketId: string, window: ChildWindow) {
  const { count, comments, attachments } = await db.batch({
    count: countChildren(caller, 'comments', ticketId),
    comments: findComments(caller, ticketId, window),
    attachments: findAttachmentsOfComments(caller.accountId, commentIdsOf(caller, ticketId, window)),
  })
  if (!count[0]) throw notFound()
  return { total: count[0].total, rows: comments.map((row) => ({ ...row, attachments })) }
}

/**
 * For everyone who may see the ticket. Throws 404, 403 if a customer makes it internal, and 422 if the ticket would have too many
 * attachments.
 */
export async function createComment(ctx: ServiceContext, ticketId: string, input: CreateCommentInput) {
  const { caller, now } = ctx
  const isInternal = input.is_internal ?? false
  if (isInternal && !seesInternal(caller.role)) throw fieldsForbidden(['is_internal'])
  const files = await storeFiles(ctx, input.attachments ?? [], { ticketId })
  if (!files) throw notFound()
  const comment = { id: newId('comment', now), ticketId, content: input.content, isInternal }
  const parent = { ticketId, commentId: comment.id, isInternal }
  const snapshot = attachmentsJson(caller.accountId, { commentId: comment.id })
  const { rows, isReplay, isRedacted } = await commit(
    ctx,
    [
      ...insertComment(caller, comment, { now, files: files.length }),
      ...attachFiles(ctx, parent, files),
      insertCommentEvent(caller.accountId, comment, newId('evt', now), snapshot),
    ],
    {
      comment: findComment(caller.accountId, comment.id),
      attachments: findAttachmentsOfComment(caller.accountId, comment.id),
      activeWebhooks: countActiveWebhooks(caller.accountId),
    },
    { ticketId },
  ).catch((error) => {
    releaseUploads(ctx, files)
    throw constraintError(error)
  })
  const [row] = rows.comment
  if (!row || isReplay) releaseUploads(ctx, files)
  if (!row) throw notFound()
  if (!isReplay) ctx.notifyConsumer(rows.activeWebhooks[0])
  return markRedacted(presentWithAttachments(ctx, row, rows.attachments), isRedacted)
}

/**
 * Deletes a comment with its attachments. For admins, and for agents who wrote it (403). Throws 404.
 */
export async function removeComment(ctx: ServiceContext, ticketId: string, commentId: string): Promise<void> {
  const { caller, now } = ctx
  const change = { caller, ticketId, changeId: newId('change', now), now }
  const comment = { field: 'comments', id: commentId, kind: 'removed' } as const
  const own = deletesEveryComment(caller.role) ? {} : { condition: isWrittenBy(caller.id) }
  const { rows, isReplay } = await commit(
    ctx,
    [
      ...recordChildChange(change, { ...comment, ...own }, newId('evt', now)),
      ...deleteAttachmentsOfComment(change, commentId),
      ...deleteComment(change, commentId),
    ],
    {
      changedFields: findChangedFields(caller.accountId, change.changeId),
      remaining: findCommentOf(caller.accountId, ticketId, commentId),
      activeWebhooks: countActiveWebhooks(caller.accountId),
    },
    { ticketId },
  ).catch(rethrow)
  if (rows.remaining.length > 0) throw notTheAuthor()
  if (rows.changedFields.length === 0) throw notFound()
  if (isReplay) return
  ctx.notifyConsumer(rows.activeWebhooks[0])
  deleteObjectsLater(ctx)
}

function presentWithAttachments(ctx: ServiceContext, row: CommentRow, attachments: AttachmentRow[]) {
  const own = attachments.filter((attachment) => attachment.comment_id === row.id)
  return { ...presentComment(row), attachments: own.map((attachment) => presentAttachment(attachment, ctx)) }
}
