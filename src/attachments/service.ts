import type { ServiceContext } from '../context'
import { type AccountDb, type DbCosts, openAccount, openDirectory } from '../db/client'
import { findRecord } from '../db/once'
import type { Bindings } from '../env'
import { unavailable } from '../http/errors'
import { sha256Hex } from '../lib/crypto'
import { newId } from '../lib/ids'
import { MINUTE } from '../lib/time'
import {
  type AttachmentRow,
  abandonUploads,
  deleteIntents,
  discardUploads,
  findAccountsWithIntents,
  findFile,
  findObjectsToDelete,
  insertAttachments,
  insertIntents,
  type StoredFile,
  type UploadGate,
} from './queries'
import type { NewAttachmentInput } from './schema'

export {
  type AttachmentRow,
  attachmentImages,
  deleteAttachmentsOfTicket,
  findAttachmentsOfComment,
  findAttachmentsOfComments,
  findLatestAttachments,
} from './queries'
export { Attachment, NewAttachments, presentAttachment, presentStoredAttachment } from './schema'

/** How long an upload may take before its intent is taken back. */
const UPLOAD_TIME = 15 * MINUTE
const OBJECTS_A_SWEEP = 500
const ACCOUNTS_A_SWEEP = 100

function objectKey(accountId: string, id: string): string {
  return `${accountId}/${id}`
}

/**
 * Stores the bytes of files, each announced by an intent first, if the gate is open; gives null, with nothing stored,
 * where it is not. Throws 503 when the storage can't be reached; nothing stays behind.
 */
export async function storeFiles(
  ctx: ServiceContext,
  inputs: NewAttachmentInput[],
  gate: UploadGate,
): Promise<StoredFile[] | null> {
  if (inputs.length === 0) return []
  const uploads = inputs.map((input) => ({ id: newId('attach', ctx.now), input }))
  const ids = uploads.map(({ id }) => id)
  const [announced, records] = await ctx.db.batch([
    insertIntents(ctx.caller, ids, gate, ctx.now),
    ...(ctx.once ? [findRecord(ctx.caller.accountId, ctx.once, ctx.now)] : []),
  ])
  if (records && records.length > 0) {
    // Done before: the deed's own batch will find the same, and nothing need be stored again.
    discardFiles(ctx, uploads)
    return []
  }
  if (announced.length === 0) return null
  // All of them have ended before any is let go of: a late one would put bytes where nothing looks for them.
  const stored = await Promise.allSettled(uploads.map(({ id, input }) => storeFile(ctx, id, input)))
  const files = stored.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (files.length === uploads.length) return files
  discardFiles(ctx, uploads)
  throw unavailable()
}

async function storeFile(ctx: ServiceContext, id: string, input: NewAttachmentInput): Promise<StoredFile> {
  const sha256 = await sha256Hex(input.content)
  await ctx.files.put(objectKey(ctx.caller.accountId, id), input.content, { sha256 })
  return { id, filename: input.filename, size: input.content.byteLength, mime_type: input.mime_type, sha256 }
}

/** Statements for the batch of the deed: the stored files become attachments, and their intents are settled. */
export function attachFiles(
  ctx: ServiceContext,
  parent: { ticketId: string; commentId: string | null; isInternal: boolean },
  files: StoredFile[],
) {
  if (files.length === 0) return []
  const { accountId } = ctx.caller
  return [
    insertAttachments(accountId, parent, files, ctx.now),
    deleteIntents(
      accountId,
      files.map((file) => file.id),
    ),
  ]
}

/** Lets go of files whose deed failed. The sweep does it where this is lost. */
export function discardFiles(ctx: ServiceContext, files: { id: string }[]): void {
  if (files.length === 0) return
  const ids = files.map((file) => file.id)
  ctx.later(
    ctx.db
      .all(discardUploads(ctx.caller.accountId, ids, ctx.now))
      .then(() => deleteObjects(ctx.files, ctx.db))
      .catch(() => undefined),
  )
}

/** Deletes the stored objects of one account whose attachments are gone, and settles their intents. */
export async function deleteObjects(files: R2Bucket, db: AccountDb): Promise<void> {
  const ids = (await db.all(findObjectsToDelete(db.accountId, OBJECTS_A_SWEEP))).map((row) => row.id)
  if (ids.length === 0) return
  await files.delete(ids.map((id) => objectKey(db.accountId, id)))
  await db.all(deleteIntents(db.accountId, ids))
}

/** Follows the intents of all accounts: objects of failed uploads and of deleted things go. Never lists the bucket. */
export async function sweepObjects(env: Bindings, now: number): Promise<void> {
  const accounts = await openDirectory(env).all(findAccountsWithIntents(now - MINUTE, ACCOUNTS_A_SWEEP))
  for (const { account_id } of accounts) {
    const db = openAccount(env, account_id)
    await db.all(abandonUploads(account_id, now - UPLOAD_TIME))
    await deleteObjects(env.FILES, db)
  }
}

/** An attachment and its bytes, or null where either is gone. Throws 503 when the storage can't be reached. */
export async function openFile(
  env: Bindings,
  costs: DbCosts,
  accountId: string,
  id: string,
): Promise<{ row: AttachmentRow; object: R2ObjectBody } | null> {
  const row = await openAccount(env, accountId, costs).first(findFile(accountId, id))
  if (!row) return null
  const object = await env.FILES.get(objectKey(accountId, row.id)).catch(() => {
    throw unavailable()
  })
  return object && { row, object }
}
