import { createHash, type Hash } from 'node:crypto'
import { detail } from '../core/error-details'
import { invalidInput, ServiceError, unavailable } from '../core/errors'
import { ClientDisconnected, disconnected } from '../http/middleware/body-reader'
import type { RawBody } from '../http/middleware/raw-body'
import { DeadlineExceeded, withDeadline } from '../lib/deadline'

const BUFFER_BYTES = 256 * 1024

/**
 * Stores a body under a key, without holding it in memory, and returns its SHA-256 in hexadecimal. Throws 400 if it is shorter
 * or longer than its length, 503 if R2 fails, and `ClientDisconnected`; then nothing is stored. Also throws 503 if R2 accepts no
 * bytes for 30 seconds; then it may store the object later.
 */
export async function putStream(files: R2Bucket, key: string, body: RawBody): Promise<string> {
  const hash = createHash('sha256')
  const { readable, writable } = new FixedLengthStream(body.length)
  const writer = writable.getWriter()
  const stored = files.put(key, readable)
  // Otherwise a write would wait forever once R2 has stopped reading.
  stored.catch((error) => writer.abort(error)).catch(() => undefined)
  try {
    await copy(body, writer, hash)
    await withDeadline(stored)
    return hash.digest('hex')
  } catch (error) {
    const aborted = writer.abort(error).catch(() => undefined)
    if (error instanceof DeadlineExceeded) throw unavailable(error)
    await aborted
    // If R2 failed, `error` only says that the stream was aborted.
    const cause = await stored.then(
      () => error,
      (reason: unknown) => reason,
    )
    throw error instanceof ServiceError || error instanceof ClientDisconnected ? error : unavailable(cause)
  }
}

/** Reads a body and returns its SHA-256 in hexadecimal. Throws 400 and `ClientDisconnected` as `putStream` does. */
export async function hashStream(body: RawBody): Promise<string> {
  const hash = createHash('sha256')
  await copy(body, null, hash)
  return hash.digest('hex')
}

/** Reuses one buffer: `pipeThrough` allocates a chunk for each packet, 24,000 for 95 MiB, and takes five times as long. */
async function copy(body: RawBody, writer: WritableStreamDefaultWriter<Uint8Array> | null, hash: Hash): Promise<void> {
  const reader = body.bytes?.getReader({ mode: 'byob' })
  let buffer: ArrayBufferLike = new ArrayBuffer(BUFFER_BYTES)
  let size = 0
  try {
    while (reader) {
      const chunk: Uint8Array | undefined = await nextChunk(reader, buffer).catch(disconnected)
      if (!chunk) break
      size += chunk.byteLength
      if (size > body.length) throw lengthMismatch(body.length)
      hash.update(chunk)
      if (writer) await withDeadline(writer.write(chunk))
      buffer = chunk.buffer
    }
    if (size < body.length) throw lengthMismatch(body.length)
    if (writer) await withDeadline(writer.close())
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}

/** Undefined at the end. Detaches `buffer`: continue with the buffer of the chunk. */
async function nextChunk(reader: ReadableStreamBYOBReader, buffer: ArrayBufferLike): Promise<Uint8Array | undefined> {
  const { done, value } = await reader.read(new Uint8Array(buffer))
  return done ? undefined : value
}

function lengthMismatch(length: number): ServiceError {
  return invalidInput([detail([], 'invalid_value', `must have the length in Content-Length, ${length} bytes`)])
}
