import { createHash } from 'node:crypto'
import type { Answer, Api } from '../../test/helpers/node/api.ts'

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
  /** Of a comment or an upload; `of` is the marker of the deed that made it. */
  | { kind: 'removal'; ticketId: string; of: string; isInternal: boolean }
  /** Of an API key or a webhook. */
  | { kind: 'ending'; of: string }

/**
 * A request that writes, and what became of it. Its marker stands in what it writes, where it can be found again; that of
 * a removal is made of the ID of what it removes.
 */
export interface Deed {
  marker: string
  round: number
  sent: Sent
  files: SentFile[]
  /** Where it is not, it may have happened or not. */
  acknowledged: boolean
  /** The ID of what was written, from the answer. */
  id: string | null
}

/** Every write that was ever begun, by its marker. */
export type Ledger = Map<string, Deed>

/** How a deed is asked for. Its marker is its idempotency key, which is the sender's own. */
export interface WriteRequest {
  deed: Deed
  by: Api
  method: string
  path: string
  body: unknown
  /** The first answer that came. */
  answer: Answer | null
}

/** Something that is not as it should be, in a sentence. */
export type Problem = `${'lost' | 'doubled' | 'halved' | 'invented' | 'wrong'}: ${string}`

/** What of the writers' things was taken away again, or may have been: the deed that did it by the marker of the thing. */
export function goneThings(ledger: Ledger): Map<string, Deed> {
  const gone = new Map<string, Deed>()
  for (const deed of ledger.values()) if ('of' in deed.sent) gone.set(deed.sent.of, deed)
  return gone
}

/** The marker of the removal of what has an ID. */
export function removalOf(id: string): string {
  return `-${id}`
}

/** The SHA-256 of bytes, in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
