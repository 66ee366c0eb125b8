import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'

const CHUNK = randomBytes(64 * 1_024)

/** Sends so many bytes as they are taken, without holding them; gives the `url` at which they can be read again. */
export async function upload(address: string, headers: Record<string, string>, bytes: number): Promise<string> {
  const sending = request(address, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/octet-stream', 'Content-Length': bytes },
  })
  const answered = once(sending, 'response')
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    const isTaken = sending.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)
    if (!isTaken) await Promise.race([once(sending, 'drain'), answered])
  }
  sending.end()
  const [response] = await answered
  const answer = await json(response)
  const url = urlIn(answer)
  if (response.statusCode !== 201 || url === null)
    throw new Error(`an upload was answered with ${response.statusCode}: ${JSON.stringify(answer)}`)
  return url
}

/** In the answer of the service, or of the floor. */
function urlIn(answer: unknown): string | null {
  if (typeof answer !== 'object' || answer === null) return null
  if ('data' in answer) return urlIn(answer.data)
  return 'url' in answer && typeof answer.url === 'string' ? answer.url : null
}

/** Reads to the end without holding it. Throws unless so many bytes have come. */
export async function download(address: string, bytes: number): Promise<void> {
  const response = await fetch(address)
  let left = bytes
  for await (const chunk of response.body ?? []) left -= chunk.byteLength
  if (!response.ok || left !== 0) throw new Error(`a download of ${bytes} bytes ended with ${left} to come`)
}
