import { z } from '@hono/zod-openapi'
import type { Bindings } from '../core/config'
import { notFound, unavailable } from '../core/errors'
import { seesInternal } from '../core/policy'
import type { DbCosts } from '../db/client'
import { openAccount } from '../db/client'
import { countActiveWebhooks } from '../db/outbox'
import { findChangedFields, recordChildChange } from '../db/ticket-change'
import { type ChildWindow, countChildren } from '../db/ticket-children'
import type { ByteRange } from '../http/byte-ranges'
import type { RawBody } from '../http/middleware/raw-body'
import { positionSchema, readCursor, toPage, windowFrom, writeCursor } from '../http/pagination/cursor'
import { offsetOf, pageRequest } from '../http/pagination/page'
import { newId } from '../lib/ids'
import { commit } from '../service/commit'
import { constraintError, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { extendFingerprint } from '../service/idempotency-key'
import { type AttachmentRow, deleteAttachment, findAttachment, findAttachments, findFile } from './queries'
import { type ListAttachmentsInput, presentAttachment } from './schema'
import { attachUpload, deleteObjectsLater, objectKey, releaseUploads, storeStream } from './storage'

export { ERROR_LOG, NEW_ERROR_LOG, NEW_SERVER_LOGS, SCREENSHOT, SERVER_LOGS, stored } from './examples'
export {
  type AttachmentRow,
  attachmentsJson,
  deleteAttachmentsOfComment,
  deleteAttachmentsOfTicket,
  findAttachmentsOfComment,
  findAttachmentsOfComments,
  findLatestAttachments,
} from './queries'
export { Attachment, NewAttachments, presentAttachment, presentStoredAttachment } from './schema'
export { attachFiles, deleteObjectsLater, releaseUploads, storeFiles, sweepObjects } from './storage'

const AttachmentPosition = positionSchema(z.object({ id: z.string(), at: z.number().int() }))

/**
 * A page of the attachments of a ticket and its comments, oldest first. For everybody who may see the ticket, customers
 * without the internal ones. Throws 404.
 */
export async function listAttachments(ctx: ServiceContext, ticketId: string, input: ListAttachmentsInput) {
  const page = pageRequest(input)
  const { total, found } = await findWindow(ctx, ticketId, { limit: page.perPage, offset: offsetOf(page) })
  return { page, total, attachments: found.map((row) => presentAttachment(row, ctx)) }
}

/** As `listAttachments`, from a cursor on. Throws 400 for a cursor of another list. */
export async function listAttachmentsByCursor(ctx: ServiceContext, ticketId: string, input: ListAttachmentsInput) {
  const { accountId, role } = ctx.caller
  const scope = { list: 'attachments', accountId, ticketId, internal: seesInternal(role) }
  const position = readCursor(ctx.db, scope, input.cursor, AttachmentPosition)
  const { perPage } = pageRequest(input)
  const { found } = await findWindow(ctx, ticketId, windowFrom(position, perPage))
  const keyOf = (row: AttachmentRow) => ({ id: row.id, at: row.created_at })
  const { shown, cursors } = toPage(found, perPage, position, keyOf, (at) => writeCursor(ctx.db, scope, at))
  return { perPage, cursors, attachments: shown.map((row) => presentAttachment(row, ctx)) }
}

async function findWindow({ caller, db }: ServiceContext, ticketId: string, window: ChildWindow) {
  const [[count], found] = await db.batch([
    countChildren(caller, 'attachments', ticketId),
    findAttachments(caller, ticketId, window),
  ])
  if (!count) throw notFound()
  return { total: count.total, found }
}

/** One attachment, with an address that is good again. For everybody who may see it. Throws 404. */
export async function getAttachment(ctx: ServiceContext, attachmentId: string) {
  const row = await ctx.db.first(findAttachment(ctx.caller, attachmentId))
  if (!row) throw notFound()
  return presentAttachment(row, ctx)
}

/**
 * Attaches a file of up to 95 MiB to a ticket. For everybody who may see it. Throws 404, 422 when the ticket has all the
 * attachments it may have, 413 when the account has, 400 where the body does not come as long as it says.
 */
export async function uploadAttachment(started: ServiceContext, ticketId: string, filename: string, body: RawBody) {
  const file = await storeStream(started, filename, body, { ticketId })
  if (!file) throw notFound()
  // The upload may have taken minutes.
  const ctx = {
    ...started,
    idempotency: started.idempotency && extendFingerprint(started.idempotency, file.sha256),
    now: Date.now(),
  }
  const { caller, now } = ctx
  const change = { caller, ticketId, changeId: newId('change', now), now }
  const { rows, isReplay } = await commit(
    ctx,
    [
      ...attachUpload(ctx, ticketId, file),
      ...recordChildChange(change, { field: 'attachments', id: file.id, moves: 'comes' }, newId('evt', now)),
    ],
    [findAttachment(caller, file.id), countActiveWebhooks(caller.accountId)],
    { ticketId },
  ).catch((error) => {
    releaseUploads(ctx, [file])
    throw constraintError(error)
  })
  const [[row], [activeWebhooks]] = rows
  if (!row || isReplay) releaseUploads(ctx, [file])
  if (!row) throw notFound()
  if (!isReplay) ctx.notifyConsumer(activeWebhooks)
  return presentAttachment(row, ctx)
}

/** Deletes an attachment of a ticket or of one of its comments. For agents and admins. Throws 404. */
export async function removeAttachment(ctx: ServiceContext, ticketId: string, attachmentId: string): Promise<void> {
  const { caller, now } = ctx
  const change = { caller, ticketId, changeId: newId('change', now), now }
  const { rows, isReplay } = await commit(
    ctx,
    [
      ...recordChildChange(change, { field: 'attachments', id: attachmentId, moves: 'goes' }, newId('evt', now)),
      ...deleteAttachment(change, attachmentId),
    ],
    [findChangedFields(caller.accountId, change.changeId), countActiveWebhooks(caller.accountId)],
    { ticketId },
  ).catch(rethrow)
  const [[trace], [activeWebhooks]] = rows
  if (!trace) throw notFound()
  if (isReplay) return
  ctx.notifyConsumer(activeWebhooks)
  deleteObjectsLater(ctx)
}

/** What is known of the file that a signed address leads to, if it is there. It does not ask who may see it. */
export function findStoredFile(env: Bindings, costs: DbCosts, accountId: string, id: string) {
  return openAccount(env, accountId, costs).first(findFile(accountId, id))
}

/** Bytes of a stored file, or null where they are gone. Throws 503 when the storage can't be reached. */
export async function readBytes(
  env: Bindings,
  accountId: string,
  row: AttachmentRow,
  range: ByteRange,
): Promise<ReadableStream | null> {
  const part = range.length < row.size ? { range: { ...range } } : {}
  const object = await env.FILES.get(objectKey(accountId, row.id), part).catch((error) => {
    throw unavailable(error)
  })
  return object?.body ?? null
}
