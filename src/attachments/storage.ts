import type { Bindings } from '../core/config'
import { unavailable } from '../core/errors'
import { logFailure } from '../core/log'
import { type AccountDb, openAccount, openDirectory } from '../db/client'
import { DbError } from '../db/errors'
import { lastWriteTime, nextWriteTime } from '../db/write-time'
import type { RawBody } from '../http/middleware/raw-body'
import { sha256Hex } from '../lib/crypto'
import { DeadlineExceeded } from '../lib/deadline'
import { newId } from '../lib/ids'
import { retryTransient } from '../lib/retry'
import { HOUR, MINUTE } from '../lib/time'
import { readBeforeWrite } from '../service/commit'
import { constraintError } from '../service/constraint-errors'
import type { ServiceContext } from '../service/context'
import { retryFiles } from '../service/files'
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

/** An intent expires after this time: 95 MiB arrive within an hour at 0.23 Mbit/s. */
const UPLOAD_INTENT_TTL = HOUR
const OBJECTS_PER_SWEEP = 500
const ACCOUNTS_PER_SWEEP = 100

export function objectKey(accountId: string, id: string): string {
  return `${accountId}/${id}`
}

/**
 * Stores the bytes of files after writing an intent for each. Returns null if the precondition is not met, and no files if
 * the request ran before. Throws 422 if the ticket would have too many files, 413 if the account would have too many bytes,
 * and 503 if the storage is unavailable. After an error no object remains.
 */
export async function storeFiles(
  ctx: ServiceContext,
  inputs: NewAttachmentInput[],
  precondition: UploadPrecondition,
): Promise<StoredFile[] | null> {
  if (inputs.length === 0) return []
  const uploads = inputs.map((input) => ({ id: newId('attach', ctx.now), size: input.content.byteLength, input }))
  const reservation = await reserveUploads(ctx, uploads, precondition)
  if (reservation === 'rejected') return null
  if (reservation === 'replay') return []
  // All uploads must have ended before any is released: a late one would store bytes that have no intent.
  const stored = await Promise.allSettled(uploads.map(({ id, input }) => storeFile(ctx, id, input)))
  const files = stored.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  if (files.length === uploads.length) return files
  const failures = stored.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
  if (!failures.some(mayStillStore)) releaseUploads(ctx, uploads)
  throw unavailable(failures[0])
}

async function storeFile(ctx: ServiceContext, id: string, input: NewAttachmentInput): Promise<StoredFile> {
  const sha256 = await sha256Hex(input.content)
  await retryFiles(() => ctx.files.put(objectKey(ctx.caller.accountId, id), input.content, { sha256 }))
  return { id, filename: input.filename, size: input.content.byteLength, mime_type: input.mime_type, sha256 }
}

/**
 * As `storeFiles` for one file, which is streamed. If the request ran before, the bytes are only hashed, for its
 * fingerprint. Also throws 400 if the length of the body is not its `Content-Length`.
 */
export async function storeStream(
  ctx: ServiceContext,
  filename: string,
  body: RawBody,
  precondition: UploadPrecondition,
): Promise<StoredFile | null> {
  const upload = { id: newId('attach', ctx.now), size: body.length }
  const reservation = await reserveUploads(ctx, [upload], precondition)
  if (reservation === 'rejected') return null
  const file = { ...upload, filename, mime_type: body.type }
  if (reservation === 'replay') {
    const sha256 = await hashStream(body)
    // A body can take an hour, and the caller's access may have ended in the meantime.
    await ctx.db.onPrimary().verifiedBatch({})
    return { ...file, sha256 }
  }
  try {
    return { ...file, sha256: await putStream(ctx.files, objectKey(ctx.caller.accountId, upload.id), body) }
  } catch (error) {
    if (!mayStillStore(error)) releaseUploads(ctx, [upload])
    throw error
  }
}

/** The sweep deletes the object when the intent expires: whatever is deleted now, a late upload would store again. */
function mayStillStore(error: unknown): boolean {
  return error instanceof DeadlineExceeded || (error instanceof Error && error.cause instanceof DeadlineExceeded)
}

/** Inserts intents if the precondition is met and the request did not run before. Throws 422 and 413. */
async function reserveUploads(
  ctx: ServiceContext,
  uploads: Upload[],
  precondition: UploadPrecondition,
): Promise<'reserved' | 'rejected' | 'replay'> {
  const reserve = () =>
    readBeforeWrite(ctx, {
      quota: checkUploadQuota(ctx.caller, uploads, precondition),
      intents: insertIntents(ctx.caller, uploads, precondition, ctx.idempotency, ctx.now),
    })
  const before = await (ctx.idempotency ? retryTransient(reserve) : reserve())
  if (!before) return 'replay'
  const [quota] = before.quota
  if (!quota?.is_met) return 'rejected'
  if (!quota.fits_ticket) throw constraintError(new DbError({ kind: 'constraint', rule: 'attachments' }))
  if (!quota.fits_account) throw constraintError(new DbError({ kind: 'constraint', rule: 'storage' }))
  return 'reserved'
}

/** Inserts attachments for stored files and completes their intents. For a batch, after `reserveSequences`. */
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

/** As `attachFiles` for one file of a ticket, but before `reserveSequences`. */
export function attachUpload({ caller, now }: ServiceContext, ticketId: string, file: StoredFile) {
  const parent = { ticketId, commentId: null, isInternal: false }
  return [
    insertAttachments(caller, parent, [file], nextWriteTime(caller.accountId, { now })),
    deleteIntents(caller.accountId, [file.id]),
  ]
}

/** Deletes the objects of a failed request after the response. If that fails, the sweep does it. */
export function releaseUploads(ctx: ServiceContext, files: { id: string }[]): void {
  // A replay stored nothing.
  if (files.length === 0 || ctx.idempotency?.found) return
  const ids = files.map((file) => file.id)
  const db = ctx.db.withoutCaller()
  ctx.runAfterResponse(
    retryTransient(() => db.all(releaseUploadIntents(ctx.caller.accountId, ids, ctx.now)))
      .then(() => deleteObjects(ctx.files, db))
      .catch((error) => logFailure('release uploads', error, { account_id: ctx.caller.accountId })),
  )
}

/** Runs `deleteObjects` after the response. If that fails, the sweep does it. */
export function deleteObjectsLater(ctx: ServiceContext): void {
  const { caller, db, files } = ctx
  ctx.runAfterResponse(
    deleteObjects(files, db.withoutCaller()).catch((error) =>
      logFailure('delete objects', error, { account_id: caller.accountId }),
    ),
  )
}

/** Deletes the objects of one account that have an intent to delete, and completes the intents. */
export async function deleteObjects(files: R2Bucket, db: AccountDb): Promise<void> {
  const ids = (await db.all(findObjectsToDelete(db.accountId, OBJECTS_PER_SWEEP))).map((row) => row.id)
  if (ids.length === 0) return
  await retryFiles(() => files.delete(ids.map((id) => objectKey(db.accountId, id))))
  await retryTransient(() => db.all(deleteIntents(db.accountId, ids)))
}

/** Deletes the objects of failed uploads and of deleted attachments in all accounts, by their intents. */
export async function sweepObjects(env: Bindings, now: number): Promise<void> {
  const uploadsBefore = now - UPLOAD_INTENT_TTL
  const accounts = await openDirectory(env).all(findAccountsToClean(now - MINUTE, uploadsBefore, ACCOUNTS_PER_SWEEP))
  for (const { account_id } of accounts) {
    const db = openAccount(env, account_id)
    await retryTransient(() => db.all(expireUploads(account_id, uploadsBefore)))
    await deleteObjects(env.FILES, db)
  }
}
