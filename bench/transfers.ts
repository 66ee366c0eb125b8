import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request } from 'node:http'
import { json } from 'node:stream/consumers'

const CHUNK = randomBytes(64 * 1_024)

/** Sends random bytes without holding them in memory; returns the URL to read them. */
export async function upload(address: string, headers: Record<string, string>, bytes: number): Promise<string> {
  const sending = request(address, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/octet-stream', 'Content-Length': bytes },
  })
  const responded = once(sending, 'response')
  for (let left = bytes; left > 0; left -= CHUNK.length) {
    const isTaken = sending.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)
    if (!isTaken) await Promise.race([once(sending, 'drain'), responded])
  }
  sending.end()
  const [response] = await responded
  const content = await json(response)
  const url = urlIn(content)
  if (response.statusCode !== 201 || url === null)
    throw new Error(`an upload returned ${response.statusCode}: ${JSON.stringify(content)}`)
  return url
}

/** In a response of the service or the floor. */
function urlIn(content: unknown): string | null {
  if (typeof content !== 'object' || content === null) return null
  if ('data' in content) return urlIn(content.data)
  return 'url' in content && typeof content.url === 'string' ? content.url : null
}

/** Discards the content. Throws unless the number of bytes is right. */
export async function download(address: string, bytes: number): Promise<void> {
  const response = await fetch(address)
  let left = bytes
  for await (const chunk of response.body ?? []) left -= chunk.byteLength
  if (!response.ok || left !== 0) throw new Error(`a download of ${bytes} bytes ended with ${left} bytes missing`)
}
