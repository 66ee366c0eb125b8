import { createHash, type Hash } from 'node:crypto'
import { ApiError, invalidInput, unavailable } from '../http/errors'
import type { RawBody } from '../http/raw-body'
import { detail } from '../http/validation'

/**
 * Stores a body as it comes, a chunk at a time, and gives its SHA-256 in hexadecimal. Throws 400 for a body that does
 * not come as long as it says, 503 when the storage can't be reached; when it has thrown, nothing is under way any more.
 */
export async function putStream(files: R2Bucket, key: string, body: RawBody): Promise<string> {
  const hash = createHash('sha256')
  const { readable, writable } = new FixedLengthStream(body.length)
  const writer = writable.getWriter()
  const stored = files.put(key, readable)
  // Else a write would wait for a reader that has gone.
  stored.catch((error) => writer.abort(error)).catch(() => undefined)
  try {
    await copy(body, writer, hash)
    await stored
    return hash.digest('hex')
  } catch (error) {
    await writer.abort(error).catch(() => undefined)
    await stored.catch(() => undefined)
    throw error instanceof ApiError ? error : unavailable()
  }
}

async function copy({ bytes, length }: RawBody, writer: WritableStreamDefaultWriter<Uint8Array>, hash: Hash) {
  const reader = bytes.getReader()
  let size = 0
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw notAsLong(length)
      })
      if (done) break
      size += value.byteLength
      if (size > length) throw notAsLong(length)
      hash.update(value)
      await writer.write(value)
    }
    if (size < length) throw notAsLong(length)
    await writer.close()
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function notAsLong(length: number): ApiError {
  return invalidInput([detail([], `must be as long as its Content-Length, ${length} bytes`)])
}
