import { randomBytes, randomInt } from 'node:crypto'
import type { Api } from '../../test/helpers/node/api.ts'
import { type Deed, removalOf, type Sent, type SentFile, sha256Of, type WriteRequest } from './operations.ts'

/** Who writes. */
export interface Writers {
  /** Admins, each with an API key of its own. */
  keys: Api[]
  /** An admin who is a person, as the makers of API keys must be. */
  person: Api
  /** Where webhooks may go. */
  url: string
}

/** A comment or an upload that nobody is removing yet. */
export interface Part {
  kind: 'comments' | 'attachments'
  id: string
  ticketId: string
  marker: string
  isInternal: boolean
}

/** What writers know to be there. */
export interface InHand {
  ticketIds: string[]
  parts: Part[]
}

const STATUSES = ['open', 'in_progress', 'resolved', 'closed']
const PRIORITIES = ['low', 'medium', 'high', 'critical']

/** A random write: something new, or a change or a removal of something in hand, which is taken out of it. */
export function randomWrite(marker: string, round: number, inHand: InHand, writers: Writers): WriteRequest {
  const dice = randomInt(100)
  const ticketId = inHand.ticketIds.length > 0 ? oneOf(inHand.ticketIds) : null
  const start = starter(marker, round, oneOf(writers.keys))
  if (ticketId === null || dice < 34) return newTicket(marker, start)
  if (dice < 51) return newUpload(marker, start, ticketId)
  if (dice < 69) return newComment(marker, start, ticketId)
  if (dice < 83) return newChange(marker, start, ticketId)
  if (dice < 88) return newUser(marker, start)
  if (dice < 90) return newKey(marker, starter(marker, round, writers.person))
  if (dice < 92) return newWebhook(marker, start, writers.url)
  const [part] = inHand.parts.splice(0, 1)
  return part ? removal(part, round, oneOf(writers.keys)) : newTicket(marker, start)
}

type Start = (sent: Sent, files: SentFile[], method: string, path: string, body: unknown) => WriteRequest

function starter(marker: string, round: number, by: Api): Start {
  return (sent, files, method, path, body) => {
    const deed: Deed = { marker, round, sent, files, acknowledged: false, id: null }
    return { deed, by, method, path, body, answer: null }
  }
}

function newTicket(marker: string, start: Start): WriteRequest {
  const fields = {
    title: `${marker} Drucker brennt é😀`,
    description: `${marker}\n${'Third floor. '.repeat(randomInt(1, 100))}`,
    priority: oneOf(PRIORITIES),
    tags: [marker, 'crash', `p${randomInt(5)}`],
  }
  const { files, attachments } = someFiles(marker, 35)
  return start({ kind: 'ticket', ...fields }, files, 'POST', '/tickets', { ...fields, attachments })
}

function newComment(marker: string, start: Start, ticketId: string): WriteRequest {
  const fields = { content: `${marker} Looked at it: é😀`, is_internal: randomInt(100) < 30 }
  const { files, attachments } = someFiles(marker, 25)
  const path = `/tickets/${ticketId}/comments`
  return start({ kind: 'comment', ticketId, ...fields }, files, 'POST', path, { ...fields, attachments })
}

/** The mark makes each of them a change, and tells them apart where the status stays. */
function newChange(marker: string, start: Start, ticketId: string): WriteRequest {
  const fields = { status: oneOf(STATUSES), custom_fields: { mark: marker } }
  return start({ kind: 'change', ticketId, ...fields }, [], 'PATCH', `/tickets/${ticketId}`, fields)
}

function newUpload(marker: string, start: Start, ticketId: string): WriteRequest {
  const filename = `${marker}.bin`
  const bytes = new Uint8Array(randomBytes(randomInt(2_000_000)))
  const file = { filename, size: bytes.byteLength, sha256: sha256Of(bytes) }
  const path = `/tickets/${ticketId}/attachments?filename=${filename}`
  return start({ kind: 'upload', ticketId }, [file], 'POST', path, bytes)
}

function newUser(marker: string, start: Start): WriteRequest {
  const fields = { name: `${marker} Zoë`, email: `${marker}@writers.example` }
  return start({ kind: 'user', ...fields }, [], 'POST', '/users', fields)
}

function newKey(marker: string, start: Start): WriteRequest {
  const fields = { name: `${marker} key` }
  return start({ kind: 'key', ...fields }, [], 'POST', '/api-keys', fields)
}

/** For events that do not happen: what is delivered goes to the webhook that was there before. */
function newWebhook(marker: string, start: Start, url: string): WriteRequest {
  const fields = { url: `${url}/${marker}`, description: `${marker} webhook` }
  return start({ kind: 'webhook', ...fields }, [], 'POST', '/webhooks', { ...fields, events: ['ticket.deleted'] })
}

function removal({ kind, id, ticketId, marker, isInternal }: Part, round: number, by: Api): WriteRequest {
  const start = starter(removalOf(id), round, by)
  const path = `/tickets/${ticketId}/${kind}/${id}`
  return start({ kind: 'removal', ticketId, of: marker, isInternal }, [], 'DELETE', path, undefined)
}

/** The end of an API key or a webhook that a deed has made: an account may have only so many. */
export function ending({ marker, round, sent, id }: Deed, by: Api): WriteRequest {
  const path = `/${sent.kind === 'key' ? 'api-keys' : 'webhooks'}/${id}`
  return starter(removalOf(id ?? ''), round, by)({ kind: 'ending', of: marker }, [], 'DELETE', path, undefined)
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

function oneOf<T>(items: readonly T[]): T {
  const item = items[randomInt(items.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
