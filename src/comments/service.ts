import {
  type AttachmentRow,
  attachFiles,
  attachmentImages,
  discardFiles,
  findAttachmentsOfComment,
  findAttachmentsOfComments,
  presentAttachment,
  storeFiles,
} from '../attachments/service'
import type { ServiceContext } from '../context'
import { findAudience } from '../db/outbox'
import { forbidden, notFound } from '../http/errors'
import { offsetOf, pageRequest } from '../http/pagination'
import { refusalOf } from '../http/refusals'
import { detail } from '../http/validation'
import { newId } from '../lib/ids'
import { seesInternal } from '../roles'
import {
  type CommentRow,
  commentIdsOf,
  countComments,
  findComment,
  findComments,
  insertComment,
  insertCommentEvent,
} from './queries'
import { type CreateCommentInput, type ListCommentsInput, presentComment } from './schema'

export { type CommentRow, findLatestComments } from './queries'
export { Comment, presentComment } from './schema'

/**
 * A page of the comments of a ticket, with their attachments. For everybody who may see the ticket, customers without
 * the internal ones. Throws 404.
 */
export async function listComments(ctx: ServiceContext, ticketId: string, input: ListCommentsInput) {
  const { caller, db } = ctx
  const page = pageRequest(input)
  const offset = offsetOf(page)
  const [[count], comments, attachments] = await db.batch([
    countComments(caller, ticketId),
    findComments(caller, ticketId, page.perPage, offset),
    findAttachmentsOfComments(caller.accountId, commentIdsOf(caller, ticketId, page.perPage, offset)),
  ])
  if (!count) throw notFound()
  return { page, total: count.total, comments: comments.map((row) => presentWhole(ctx, row, attachments)) }
}

/**
 * Adds a comment with its attachments to a ticket. For everybody who may see the ticket; only agents and admins may
 * make it internal (403). Throws 404, and 422 when the ticket has all the attachments it may have.
 */
export async function createComment(ctx: ServiceContext, ticketId: string, input: CreateCommentInput) {
  const { caller, db, now } = ctx
  const isInternal = input.is_internal ?? false
  if (isInternal && !seesInternal(caller.role))
    throw forbidden([detail(['is_internal'], 'can not be set by your role')])
  const files = await storeFiles(ctx, input.attachments ?? [], { ticketId })
  if (!files) throw notFound()
  const comment = { id: newId('comment', now), ticketId, content: input.content, isInternal }
  const parent = { ticketId, commentId: comment.id, isInternal }
  const images = attachmentImages(caller.accountId, { commentId: comment.id })
  const [[row], attachments, [audience]] = await db
    .change(
      [
        ...insertComment(caller, comment, now),
        ...attachFiles(ctx, parent, files),
        insertCommentEvent(caller.accountId, comment, newId('evt', now), images, now),
      ],
      [
        findComment(caller.accountId, comment.id),
        findAttachmentsOfComment(caller.accountId, comment.id),
        findAudience(caller.accountId),
      ],
    )
    .catch((error) => {
      discardFiles(ctx, files)
      throw refusalOf(error)
    })
  if (!row) {
    discardFiles(ctx, files)
    throw notFound()
  }
  ctx.wake(audience)
  return presentWhole(ctx, row, attachments)
}

function presentWhole(ctx: ServiceContext, row: CommentRow, attachments: AttachmentRow[]) {
  const own = attachments.filter((attachment) => attachment.comment_id === row.id)
  return { ...presentComment(row), attachments: own.map((attachment) => presentAttachment(attachment, ctx)) }
}
