import { randomBytes, randomInt } from 'node:crypto'
import type { Api } from '../../test/helpers/node/api.ts'
import { removalOf, type Sent, type SentFile, sha256Of, type Write, type WriteRequest } from './operations.ts'

export interface Writers {
  keys: Api[]
  /** Only a user, not an API key, may create API keys. */
  user: Api
  url: string
}

/** A comment or an upload without a pending removal. */
export interface TicketChild {
  kind: 'comments' | 'attachments'
  id: string
  ticketId: string
  marker: string
  isInternal: boolean
}

export interface KnownResources {
  ticketIds: string[]
  children: TicketChild[]
}

const TICKET_STATUSES = ['open', 'in_progress', 'resolved', 'closed']
const PRIORITIES = ['low', 'medium', 'high', 'critical']

/** Creates something, or changes or removes something in `known`; what it removes is taken out of `known`. */
export function randomWrite(marker: string, round: number, known: KnownResources, writers: Writers): WriteRequest {
  const percentile = randomInt(100)
  const ticketId = known.ticketIds.length > 0 ? pickRandom(known.ticketIds) : null
  const build = requestBuilder(marker, round, pickRandom(writers.keys))
  if (ticketId === null || percentile < 34) return newTicket(marker, build)
  if (percentile < 51) return newUpload(marker, build, ticketId)
  if (percentile < 69) return newComment(marker, build, ticketId)
  if (percentile < 83) return newUpdate(marker, build, ticketId)
  if (percentile < 88) return newUser(marker, build)
  if (percentile < 90) return newKey(marker, requestBuilder(marker, round, writers.user))
  if (percentile < 92) return newWebhook(marker, build, writers.url)
  const [child] = known.children.splice(0, 1)
  return child ? removal(child, round, pickRandom(writers.keys)) : newTicket(marker, build)
}

type BuildRequest = (sent: Sent, files: SentFile[], method: string, path: string, body: unknown) => WriteRequest

function requestBuilder(marker: string, round: number, client: Api): BuildRequest {
  return (sent, files, method, path, body) => {
    const write: Write = { marker, round, sent, files, acknowledged: false, id: null }
    return { write, client, method, path, body, response: null }
  }
}

function newTicket(marker: string, build: BuildRequest): WriteRequest {
  const fields = {
    title: `${marker} Drucker brennt é😀`,
    description: `${marker}\n${'Third floor. '.repeat(randomInt(1, 100))}`,
    priority: pickRandom(PRIORITIES),
    tags: [marker, 'crash', `p${randomInt(5)}`],
  }
  const { files, attachments } = randomFiles(marker, 35)
  return build({ kind: 'ticket', ...fields }, files, 'POST', '/tickets', { ...fields, attachments })
}

function newComment(marker: string, build: BuildRequest, ticketId: string): WriteRequest {
  const fields = { content: `${marker} Looked at it: é😀`, is_internal: randomInt(100) < 30 }
  const { files, attachments } = randomFiles(marker, 25)
  const path = `/tickets/${ticketId}/comments`
  return build({ kind: 'comment', ticketId, ...fields }, files, 'POST', path, { ...fields, attachments })
}

/** The mark makes each update a change, even if the status stays the same. */
function newUpdate(marker: string, build: BuildRequest, ticketId: string): WriteRequest {
  const fields = { status: pickRandom(TICKET_STATUSES), custom_fields: { mark: marker } }
  return build({ kind: 'change', ticketId, ...fields }, [], 'PATCH', `/tickets/${ticketId}`, fields)
}

function newUpload(marker: string, build: BuildRequest, ticketId: string): WriteRequest {
  const filename = `${marker}.bin`
  const bytes = new Uint8Array(randomBytes(randomInt(2_000_000)))
  const file = { filename, size: bytes.byteLength, sha256: sha256Of(bytes) }
  const path = `/tickets/${ticketId}/attachments?filename=${filename}`
  return build({ kind: 'upload', ticketId }, [file], 'POST', path, bytes)
}

function newUser(marker: string, build: BuildRequest): WriteRequest {
  const fields = { name: `${marker} Zoë`, email: `${marker}@writers.example` }
  return build({ kind: 'user', ...fields }, [], 'POST', '/users', fields)
}

function newKey(marker: string, build: BuildRequest): WriteRequest {
  const fields = { name: `${marker} key` }
  return build({ kind: 'key', ...fields }, [], 'POST', '/api-keys', fields)
}

/** Subscribes to an event that does not occur, so that all deliveries go to the first webhook. */
function newWebhook(marker: string, build: BuildRequest, url: string): WriteRequest {
  const fields = { url: `${url}/${marker}`, description: `${marker} webhook` }
  return build({ kind: 'webhook', ...fields }, [], 'POST', '/webhooks', { ...fields, events: ['ticket.deleted'] })
}

function removal({ kind, id, ticketId, marker, isInternal }: TicketChild, round: number, client: Api): WriteRequest {
  const build = requestBuilder(removalOf(id), round, client)
  const path = `/tickets/${ticketId}/${kind}/${id}`
  return build({ kind: 'removal', ticketId, of: marker, isInternal }, [], 'DELETE', path, undefined)
}

/** An account may only have a limited number of API keys and webhooks. */
export function deletion({ marker, round, sent, id }: Write, client: Api): WriteRequest {
  const path = `/${sent.kind === 'key' ? 'api-keys' : 'webhooks'}/${id}`
  return requestBuilder(removalOf(id ?? ''), round, client)(
    { kind: 'deletion', of: marker },
    [],
    'DELETE',
    path,
    undefined,
  )
}

function randomFiles(marker: string, percent: number) {
  const count = randomInt(100) < percent ? randomInt(1, 4) : 0
  const created = Array.from({ length: count }, (_, index) => ({
    filename: `${marker}-${index}.bin`,
    bytes: randomBytes(randomInt(1, 20_000)),
  }))
  return {
    files: created.map(({ filename, bytes }) => ({ filename, size: bytes.byteLength, sha256: sha256Of(bytes) })),
    attachments: created.map(({ filename, bytes }) => ({
      filename,
      content: bytes.toString('base64'),
      mime_type: 'application/octet-stream',
    })),
  }
}

function pickRandom<T>(items: readonly T[]): T {
  const item = items[randomInt(items.length)]
  if (item === undefined) throw new Error('nothing to choose from')
  return item
}
