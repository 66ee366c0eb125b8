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
import { positionSchema } from '../http/pagination/cursor'
import { findList, mapList } from '../http/pagination/list'
import { newId } from '../lib/ids'
import { commit, markRedacted } from '../service/commit'
import { constraintError, rethrow } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { retryFiles } from '../service/files'
import { extendFingerprint } from '../service/idempotency-key'
import { type AttachmentRow, deleteAttachment, findAttachment, findAttachments, findFile, findPlan } from './queries'
import { type ListAttachmentsInput, presentAttachment } from './schema'
import { attachUpload, deleteObjectsLater, objectKey, releaseUploads, storeStream } from './storage'

export { ERROR_LOG, inEvent, NEW_ERROR_LOG, NEW_SERVER_LOGS, SCREENSHOT, SERVER_LOGS } from './examples'
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
 * The attachments of a ticket and its comments, oldest first, for everyone who may see the ticket; customers do not get internal
 * ones. Throws 404, and 400 for a cursor of another list.
 */
export async function listAttachments(ctx: ServiceContext, ticketId: string, input: ListAttachmentsInput) {
  const { accountId, role } = ctx.caller
  const scope = { list: 'attachments', accountId, ticketId, internal: seesInternal(role) }
  const find = (window: ChildWindow) => findWindow(ctx, ticketId, window)
  const list = await findList(
    input,
    { reader: ctx.db, scope, position: AttachmentPosition, keyOf: ({ id, created_at }) => ({ id, at: created_at }) },
    { findPage: find, findAfter: async (window) => (await find(window)).rows },
  )
  return mapList(list, (row) => presentAttachment(row, ctx))
}

async function findWindow({ caller, db }: ServiceContext, ticketId: string, window: ChildWindow) {
  const { count, attachments } = await db.batch({
    count: countChildren(caller, 'attachments', ticketId),
    attachments: findAttachments(caller, ticketId, window),
  })
  if (!count[0]) throw notFound()
  return { total: count[0].total, rows: attachments }
}

/** One attachment with a fresh signed URL. For everyone who may see it. Throws 404. */
export async function getAttachment(ctx: ServiceContext, attachmentId: string) {
  const row = await ctx.db.first(findAttachment(ctx.caller, attachmentId))
  if (!row) throw notFound()
  return presentAttachment(row, ctx)
}

/**
 * Attaches a file of up to 95 MiB to a ticket. For everyone who may see it. Throws 404, 422 if the ticket has too many
 * attachments, 413 if the account stores too many bytes, 400 if the length of the body is not its `Content-Length`.
 */
export async function uploadAttachment(started: ServiceContext, ticketId: string, filename: string, body: RawBody) {
  const file = await storeStream(started, filename, body, { ticketId })
  if (!file) throw notFound()
  // The upload may have taken minutes.
  const ctx = {
    ...started,
    idempotency:
      started.idempotency && extendFingerprint(started.idempotency, [`${file.sha256} ${body.type}`, file.sha256]),
    now: Date.now(),
  }
  const { caller, now } = ctx
  const change = { caller, ticketId, changeId: newId('change', now), now }
  const { rows, isReplay, isRedacted } = await commit(
    ctx,
    [
      ...attachUpload(ctx, ticketId, file),
      ...recordChildChange(change, { field: 'attachments', id: file.id, kind: 'added' }, newId('evt', now)),
    ],
    { attachment: findAttachment(caller, file.id), activeWebhooks: countActiveWebhooks(caller.accountId) },
    { ticketId },
  ).catch((error) => {
    releaseUploads(ctx, [file])
    throw constraintError(error)
  })
  const [row] = rows.attachment
  if (!row || isReplay) releaseUploads(ctx, [file])
  if (!row) throw notFound()
  if (!isReplay) ctx.notifyConsumer(rows.activeWebhooks[0])
  return markRedacted(presentAttachment(row, ctx), isRedacted)
}

/** Deletes an attachment of a ticket or of one of its comments. For agents and admins. Throws 404. */
export async function removeAttachment(ctx: ServiceContext, ticketId: string, attachmentId: string): Promise<void> {
  const { caller, now } = ctx
  const change = { caller, ticketId, changeId: newId('change', now), now }
  const { rows, isReplay } = await commit(
    ctx,
    [
      ...recordChildChange(change, { field: 'attachments', id: attachmentId, kind: 'removed' }, newId('evt', now)),
      ...deleteAttachment(change, attachmentId),
    ],
    {
      changedFields: findChangedFields(caller.accountId, change.changeId),
      activeWebhooks: countActiveWebhooks(caller.accountId),
    },
    { ticketId },
  ).catch(rethrow)
  if (rows.changedFields.length === 0) throw notFound()
  if (isReplay) return
  ctx.notifyConsumer(rows.activeWebhooks[0])
  deleteObjectsLater(ctx)
}

/** The attachment of a signed URL, and the plan of its account. Without a check of visibility. */
export async function findStoredFile(env: Bindings, costs: DbCosts, accountId: string, id: string) {
  const { files, accounts } = await openAccount(env, accountId, costs).batch({
    files: findFile(accountId, id),
    accounts: findPlan(accountId),
  })
  return { file: files[0], plan: accounts[0]?.plan ?? 'standard' }
}

/** A range of the bytes of an attachment, or null if the object is gone. Throws 503 if the storage is unavailable. */
export async function readBytes(
  env: Bindings,
  accountId: string,
  row: AttachmentRow,
  range: ByteRange,
): Promise<ReadableStream | null> {
  const options = range.length < row.size ? { range: { ...range } } : {}
  const object = await retryFiles(() => env.FILES.get(objectKey(accountId, row.id), options)).catch((error) => {
    throw unavailable(error)
  })
  return object?.body ?? null
}
