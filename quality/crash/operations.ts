import { createHash } from 'node:crypto'
import type { Api, ApiResponse } from '../../test/helpers/node/api.ts'

export interface SentFile {
  filename: string
  size: number
  sha256: string
}

export type Sent =
  | { kind: 'ticket'; title: string; description: string; priority: string; tags: string[] }
  | { kind: 'comment'; ticketId: string; content: string; is_internal: boolean }
  | { kind: 'change'; ticketId: string; status: string; custom_fields: { mark: string } }
  | { kind: 'upload'; ticketId: string }
  | { kind: 'user'; name: string; email: string }
  | { kind: 'key'; name: string }
  | { kind: 'webhook'; url: string; description: string }
  /** Of a comment or an upload; `of` is the marker of the write that created it. */
  | { kind: 'removal'; ticketId: string; of: string; isInternal: boolean }
  /** Of an API key or a webhook. */
  | { kind: 'deletion'; of: string }

/**
 * A write and its outcome. What it creates contains the marker; the marker of a removal contains the ID of what it
 * removes.
 */
export interface Write {
  marker: string
  round: number
  sent: Sent
  files: SentFile[]
  /** If false, the write may have happened or not. */
  acknowledged: boolean
  id: string | null
}

/** By marker. */
export type WriteLog = Map<string, Write>

/** The marker is also the idempotency key. */
export interface WriteRequest {
  write: Write
  client: Api
  method: string
  path: string
  body: unknown
  response: ApiResponse | null
}

export type Problem = `${'lost' | 'duplicated' | 'partial' | 'unexpected' | 'wrong'}: ${string}`

/** The removals that were sent, by the marker of what they remove. */
export function removals(writeLog: WriteLog): Map<string, Write> {
  const removed = new Map<string, Write>()
  for (const write of writeLog.values()) if ('of' in write.sent) removed.set(write.sent.of, write)
  return removed
}

export function removalOf(id: string): string {
  return `-${id}`
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
