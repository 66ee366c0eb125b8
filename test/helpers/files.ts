import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { type Account, call, createTicket, type Member, type TestResponse, withoutRequestId } from './api'
import { direct } from './edge'
import { expectDocumented } from './expect-documented'
import { noteRequest } from './log-scan'
import { callAs, createComment } from './tickets'

export interface FileBody {
  id: string
  filename: string
  size: number
  mime_type: string
  url: string
  sha256: string
}

export async function uploadFile(
  by: Member,
  file: { filename: string; content: string; mime_type: string },
): Promise<FileBody> {
  return (await createTicket(by, { attachments: [file] })).attachments[0]
}

/** Like a browser: without a credential. */
export async function fetchFile(url: string, init: RequestInit = {}, route = direct) {
  const request = new Request(url, { headers: { 'CF-Connecting-IP': '203.0.113.7' }, ...init })
  noteRequest(url, request.headers, null)
  const response = await route(request)
  const { status, headers } = response
  const bytes = new Uint8Array(await response.arrayBuffer())
  const isJson = headers.get('Content-Type') === 'application/json'
  const text = status < 400 && bytes.length > 0 ? 'the bytes' : new TextDecoder().decode(bytes)
  expectDocumented(request.method, url, { status, headers, body: isJson && text !== '' ? JSON.parse(text) : text })
  return { status, headers, bytes, text: withoutRequestId(text, headers) }
}

export interface RawUpload {
  bytes?: Uint8Array | ReadableStream<Uint8Array>
  /** With its question mark; only a filename by default. */
  query?: string
  headers?: Record<string, string>
}

/** Three bytes of a text file by default. */
export function upload(by: Member, ticketId: string, { bytes, query, headers }: RawUpload = {}): Promise<TestResponse> {
  return call('POST', `tickets/${ticketId}/attachments${query ?? '?filename=a.txt'}`, {
    token: by.token,
    headers: { 'Content-Type': 'text/plain', ...headers },
    body: bytes ?? new TextEncoder().encode('abc'),
  })
}

/**
 * Passes an upload to the local R2 only once its stream has ended. The local R2 reports a stream that is aborted as an
 * uncaught exception of its own, even if the caller of `put` handles the rejection.
 */
export function bufferUploads(): void {
  const put: R2Bucket['put'] = env.FILES.put.bind(env.FILES)
  vi.spyOn(env.FILES, 'put').mockImplementation((async (key: string, stream: ReadableStream, options: R2PutOptions) =>
    put(key, await new Response(stream).arrayBuffer(), options)) as never)
}

/** What a client sends that has more bytes than memory: `size` of them, as fast as they are asked for. */
export function generated(size: number, onChunk: (sent: number) => void = () => undefined): ReadableStream<Uint8Array> {
  const chunk = new Uint8Array(64 * 1024).fill(7)
  let sent = 0
  return new ReadableStream({
    pull(controller) {
      if (sent >= size) return controller.close()
      const next = chunk.slice(0, Math.min(chunk.byteLength, size - sent))
      sent += next.byteLength
      onChunk(sent)
      controller.enqueue(next)
    },
  })
}

export const files = (...names: string[]) => ({
  attachments: names.map((filename) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })),
})

/** A customer's ticket with nine files of its own and of comments. Names of internal ones begin with `i`. */
export async function ticketWithFiles(account: Account): Promise<{ id: string; all: FileBody[]; open: FileBody[] }> {
  const { id } = await createTicket(account.customer, files('a', 'b'))
  await createComment(account.customer, id, files('c'))
  await createComment(account.agent, id, { is_internal: true, ...files('i1', 'i2', 'i3') })
  await upload(account.customer, id, { query: '?filename=d' })
  await createComment(account.agent, id, files('e', 'f'))
  const all: FileBody[] = (await callAs(account.agent, 'GET', `tickets/${id}/attachments?per_page=100`)).body.data
  return { id, all, open: all.filter(({ filename }) => !filename.startsWith('i')) }
}
