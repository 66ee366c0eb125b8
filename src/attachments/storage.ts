import type { Bindings } from '../core/config'
import { unavailable } from '../core/errors'
import { logFailure } from '../core/log'
import { type AccountDb, openAccount, openDirectory } from '../db/client'
import { DbError } from '../db/errors'
import { lastWriteTime, nextWriteTime } from '../db/write-time'
import type { RawBody } from '../http/middleware/raw-body'
import { sha256Hex } from '../lib/crypto'
import { newId } from '../lib/ids'
import { HOUR, MINUTE } from '../lib/time'
import { readBeforeWrite } from '../service/commit'
import { constraintError } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import {
  checkUploadQuota,
  deleteIntents,
  expireUploads,
  findAccountsToClean,
  findObjectsToDelete,
  insertIntents,
  releaseUploadIntents,
  type Upload,
  type UploadPrecondition,
} from './intent.queries'
import { hashStream, putStream } from './put-stream'
import { insertAttachments, type StoredFile } from './queries'
import type { NewAttachmentInput } from './schema'

/** How long an upload may take before its intent is taken back: 95 MiB come within an hour at 0.23 Mbit/s. */
const UPLOAD_TIME = HOUR
const OBJECTS_PER_SWEEP = 500
const ACCOUNTS_PER_SWEEP = 100

/** Where the bytes of an attachment lie. */
export function objectKey(accountId: string, id: string): string {
  return `${accountId}/${id}`
}

/**
 * Stores the bytes of files, each announced by an intent first, if the gate is open; gives null, with nothing stored,
 * where it is not, and nothing where the request was carried out before. Throws 422 for more than a ticket may have, 413
 * for more than the account may have, 503 when the storage can't be reached; nothing stays behind.
 */
export async function storeFiles(
  ctx: ServiceContext,
  inputs: NewAttachmentInput[],
  gate: UploadPrecondition,
): Promise<StoredFile[] | null> {
  if (inputs.length === 0) return []
  const uploads = inputs.map((input) => ({ id: newId('attach', ctx.now), size: input.content.byteLength, input }))
  const announced = await reserveUploads(ctx, uploads, gate)
  if (announced !== 'announced') return announced === 'closed' ? null : []
  // All of them have ended before any is let go of: a late one would put bytes where nothing looks for them.
  const stored = await Promise.allSettled(uploads.map(({ id, input }) => storeFile(ctx, id, input)))
  const files = stored.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (files.length === uploads.length) return files
  releaseUploads(ctx, uploads)
  throw unavailable(stored.find((result) => result.status === 'rejected')?.reason)
}

async function storeFile(ctx: ServiceContext, id: string, input: NewAttachmentInput): Promise<StoredFile> {
  const sha256 = await sha256Hex(input.content)
  await ctx.files.put(objectKey(ctx.caller.accountId, id), input.content, { sha256 })
  return { id, filename: input.filename, size: input.content.byteLength, mime_type: input.mime_type, sha256 }
}

/**
 * As `storeFiles`, of one file that is never whole in memory; where the request was carried out before, its bytes are only
 * read, to be told from others. Throws 400 where it does not come as long as it says.
 */
export async function storeStream(
  ctx: ServiceContext,
  filename: string,
  body: RawBody,
  gate: UploadPrecondition,
): Promise<StoredFile | null> {
  const upload = { id: newId('attach', ctx.now), size: body.length }
  const announced = await reserveUploads(ctx, [upload], gate)
  if (announced === 'closed') return null
  const file = { ...upload, filename, mime_type: body.type }
  if (announced === 'done before') {
    const sha256 = await hashStream(body)
    // A body can take an hour, and the caller's access may have ended meanwhile.
    await ctx.db.onPrimary().verifiedBatch([])
    return { ...file, sha256 }
  }
  try {
    return { ...file, sha256: await putStream(ctx.files, objectKey(ctx.caller.accountId, upload.id), body) }
  } catch (error) {
    releaseUploads(ctx, [upload])
    throw error
  }
}

/** Announces uploads, but not where the gate is closed or the request was carried out before. Throws 422 and 413. */
async function reserveUploads(
  ctx: ServiceContext,
  uploads: Upload[],
  gate: UploadPrecondition,
): Promise<'announced' | 'closed' | 'done before'> {
  const before = await readBeforeWrite(ctx, [
    checkUploadQuota(ctx.caller, uploads, gate),
    insertIntents(ctx.caller, uploads, gate, ctx.idempotency, ctx.now),
  ])
  if (!before) return 'done before'
  const [[rateLimit]] = before
  if (!rateLimit?.is_open) return 'closed'
  if (!rateLimit.has_place) throw constraintError(new DbError({ kind: 'refused', rule: 'attachments' }))
  if (!rateLimit.has_storage) throw constraintError(new DbError({ kind: 'refused', rule: 'storage' }))
  return 'announced'
}

/**
 * Statements that turn stored files into attachments and settle their intents. They go after the statement that takes the
 * time of the write, in its batch.
 */
export function attachFiles(
  { caller }: ServiceContext,
  parent: { ticketId: string; commentId: string | null; isInternal: boolean },
  files: StoredFile[],
) {
  if (files.length === 0) return []
  const ids = files.map((file) => file.id)
  return [
    insertAttachments(caller, parent, files, lastWriteTime(caller.accountId)),
    deleteIntents(caller.accountId, ids),
  ]
}

/** As `attachFiles`, of one file of a ticket. They go before the statement that takes the time of the write. */
export function attachUpload({ caller, now }: ServiceContext, ticketId: string, file: StoredFile) {
  const parent = { ticketId, commentId: null, isInternal: false }
  return [
    insertAttachments(caller, parent, [file], nextWriteTime(caller.accountId, { now })),
    deleteIntents(caller.accountId, [file.id]),
  ]
}

/** Lets go of files whose deed failed. The sweep does it where this is lost. */
export function releaseUploads(ctx: ServiceContext, files: { id: string }[]): void {
  // What is known to have been done before has stored nothing now.
  if (files.length === 0 || ctx.idempotency?.found) return
  const ids = files.map((file) => file.id)
  const db = ctx.db.withoutCaller()
  ctx.later(
    db
      .all(releaseUploadIntents(ctx.caller.accountId, ids, ctx.now))
      .then(() => deleteObjects(ctx.files, db))
      .catch((error) => logFailure('discard files', error, { account_id: ctx.caller.accountId })),
  )
}

/** `deleteObjects` behind an answer: what fails is the sweep's. */
export function deleteObjectsLater(ctx: ServiceContext): void {
  const { caller, db, files } = ctx
  ctx.later(
    deleteObjects(files, db.withoutCaller()).catch((error) =>
      logFailure('delete objects', error, { account_id: caller.accountId }),
    ),
  )
}

/** Deletes the stored objects of one account whose attachments are gone, and settles their intents. */
export async function deleteObjects(files: R2Bucket, db: AccountDb): Promise<void> {
  const ids = (await db.all(findObjectsToDelete(db.accountId, OBJECTS_PER_SWEEP))).map((row) => row.id)
  if (ids.length === 0) return
  await files.delete(ids.map((id) => objectKey(db.accountId, id)))
  await db.all(deleteIntents(db.accountId, ids))
}

/** Follows the intents of all accounts: objects of failed uploads and of deleted things go. Never lists the bucket. */
export async function sweepObjects(env: Bindings, now: number): Promise<void> {
  const abandoned = now - UPLOAD_TIME
  const accounts = await openDirectory(env).all(findAccountsToClean(now - MINUTE, abandoned, ACCOUNTS_PER_SWEEP))
  for (const { account_id } of accounts) {
    const db = openAccount(env, account_id)
    await db.all(expireUploads(account_id, abandoned))
    await deleteObjects(env.FILES, db)
  }
}
