import { createHash, randomBytes, randomInt } from 'node:crypto'

export interface SentFile {
  filename: string
  size: number
  sha256: string
}

type Sent =
  | { kind: 'ticket'; title: string; description: string; priority: string; tags: string[] }
  | { kind: 'comment'; ticketId: string; content: string; is_internal: boolean }
  | { kind: 'change'; ticketId: string; status: string; custom_fields: { mark: string } }
  | { kind: 'upload'; ticketId: string }

/** A request that writes, and what became of it. Its marker stands in what it writes, where it can be found again. */
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

export interface WriteRequest {
  deed: Deed
  method: string
  path: string
  body: unknown
}

const STATUSES = ['open', 'in_progress', 'resolved', 'closed']
const PRIORITIES = ['low', 'medium', 'high', 'critical']

/** A random write: a ticket, or a comment on, a change of or a raw upload to one of the tickets that are given. */
export function randomWrite(marker: string, round: number, ticketIds: string[]): WriteRequest {
  const dice = randomInt(100)
  const ticketId = ticketIds.length > 0 ? oneOf(ticketIds) : null
  if (ticketId === null || dice < 40) return newTicket(marker, round)
  if (dice < 60) return newUpload(marker, round, ticketId)
  return dice < 80 ? newComment(marker, round, ticketId) : newChange(marker, round, ticketId)
}

function newTicket(marker: string, round: number): WriteRequest {
  const fields = {
    title: `${marker} Drucker brennt é😀`,
    description: `${marker}\n${'Third floor. '.repeat(randomInt(1, 100))}`,
    priority: oneOf(PRIORITIES),
    tags: [marker, 'crash', `p${randomInt(5)}`],
  }
  const { files, attachments } = someFiles(marker, 35)
  const deed = start(marker, round, { kind: 'ticket', ...fields }, files)
  return { deed, method: 'POST', path: '/tickets', body: { ...fields, attachments } }
}

function newComment(marker: string, round: number, ticketId: string): WriteRequest {
  const fields = { content: `${marker} Looked at it: é😀`, is_internal: randomInt(100) < 30 }
  const { files, attachments } = someFiles(marker, 25)
  const deed = start(marker, round, { kind: 'comment', ticketId, ...fields }, files)
  return { deed, method: 'POST', path: `/tickets/${ticketId}/comments`, body: { ...fields, attachments } }
}

/** The mark makes each of them a change, and tells them apart where the status stays. */
function newChange(marker: string, round: number, ticketId: string): WriteRequest {
  const fields = { status: oneOf(STATUSES), custom_fields: { mark: marker } }
  const deed = start(marker, round, { kind: 'change', ticketId, ...fields }, [])
  return { deed, method: 'PATCH', path: `/tickets/${ticketId}`, body: fields }
}

function newUpload(marker: string, round: number, ticketId: string): WriteRequest {
  const filename = `${marker}.bin`
  const bytes = new Uint8Array(randomBytes(randomInt(2_000_000)))
  const file = { filename, size: bytes.byteLength, sha256: sha256Of(bytes) }
  const deed = start(marker, round, { kind: 'upload', ticketId }, [file])
  return { deed, method: 'POST', path: `/tickets/${ticketId}/attachments?filename=${filename}`, body: bytes }
}

function start(marker: string, round: number, sent: Sent, files: SentFile[]): Deed {
  return { marker, round, sent, files, acknowledged: false, id: null }
}

function someFiles(marker: string, percent: number) {
  const count = randomInt(100) < percent ? randomInt(1, 4) : 0
  const made = Array.from({ length: count }, (_, index) => ({
    filename: `${marker}-${index}.bin`,
    bytes: randomBytes(randomInt(1, 20_000)),
  }))
  return {
    files: made.map(({ filename, bytes }) => ({ filename, size: bytes.byteLength, sha256: sha256Of(bytes) })),
    attachments: made.map(({ filename, bytes }) => ({
      filename,
      content: bytes.toString('base64'),
      mime_type: 'application/octet-stream',
    })),
  }
}

/** The SHA-256 of bytes, in hexadecimal. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function oneOf(items: string[]): string {
  return items[randomInt(items.length)] ?? ''
}
