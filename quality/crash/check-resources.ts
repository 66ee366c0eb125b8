import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../test/helpers/node/api.ts'
import { eightAtATime } from './eight-concurrently.ts'
import { type Problem, removals, type Sent, sha256Of, type Write, type WriteLog } from './operations.ts'
import { type Listed, ListedPage, markerOf, type Ticket, TicketList, TicketResponse } from './shapes.ts'

export async function readTickets(api: Api, since: number, writes: Write[]): Promise<Ticket[]> {
  const ids = new Set(writes.flatMap(({ sent }) => ('ticketId' in sent ? sent.ticketId : [])))
  for (const { sent, id } of writes) if (sent.kind === 'ticket' && id !== null) ids.add(id)
  const from = encodeURIComponent(new Date(since).toISOString())
  for (let page = 1, last = 1; page <= last; page++) {
    const list = TicketList.parse(await api.get(`/tickets?created_after=${from}&per_page=100&page=${page}`))
    for (const { id } of list.data) ids.add(id)
    last = list.pagination.last_page
  }
  return eightAtATime([...ids], async (id) => TicketResponse.parse(await api.get(`/tickets/${id}`)).data)
}

export async function readListed(user: Api): Promise<Listed[]> {
  const listed: Listed[] = []
  for (const list of ['users', 'api-keys', 'webhooks'])
    for (let page = 1, last = 1; page <= last; page++) {
      const { data, pagination } = ListedPage.parse(await user.get(`/${list}?per_page=100&page=${page}`))
      listed.push(...data.filter((resource) => markerOfListed(resource) !== '' && !resource.revoked_at))
      last = pagination.last_page
    }
  return listed
}

function markerOfListed({ name, description }: Listed): string {
  return markerOf(name ?? description ?? '')
}

export interface ResourceCheck {
  /** The markers of resources that exist. */
  existing: Set<string>
  problems: Problem[]
}

/** Kinds of writes whose marker is only found in events. */
const LEAVES_NOTHING = new Set<Sent['kind']>(['change', 'removal', 'deletion'])

/** F01: every acknowledged write exists with its bytes; every other write exists completely or not at all. */
export async function checkResources(
  tickets: Ticket[],
  listed: Listed[],
  writes: Write[],
  writeLog: WriteLog,
): Promise<ResourceCheck> {
  const existing = new Set<string>()
  const problems: Problem[] = []
  const removed = removals(writeLog)

  function checkResource(text: string, id: string, fields: object): void {
    const marker = markerOf(text)
    const write = writeLog.get(marker)
    if (existing.has(marker)) problems.push(`duplicated: ${marker} exists twice`)
    existing.add(marker)
    if (!write) return void problems.push(`unexpected: ${id} exists, and no client wrote it`)
    if (removed.get(marker)?.acknowledged) problems.push(`wrong: ${marker} was deleted, and exists`)
    if (write.id !== null && write.id !== id)
      problems.push(`wrong: ${marker} exists as ${id}, and its response had ${write.id}`)
    for (const [name, value] of Object.entries(fields)) {
      const sent = new Map<string, unknown>(Object.entries(write.sent)).get(name)
      if (!isDeepStrictEqual(value, sent)) problems.push(`partial: ${name} of ${marker} is ${JSON.stringify(value)}`)
    }
  }

  for (const { id, title, description, priority, tags, comments, ...ticket } of tickets) {
    checkResource(title, id, { kind: 'ticket', title, description, priority, tags })
    for (const { id: commentId, content, is_internal } of comments)
      checkResource(content, commentId, { kind: 'comment', ticketId: id, content, is_internal })
    const uploads = ticket.attachments.filter(
      ({ filename }) => writeLog.get(markerOf(filename))?.sent.kind === 'upload',
    )
    for (const { id: fileId, filename } of uploads) checkResource(filename, fileId, { kind: 'upload', ticketId: id })
    const owners = [title, ...comments.map(({ content }) => content), ...uploads.map(({ filename }) => filename)]
    problems.push(...checkFiles(owners.map(markerOf), ticket.attachments, writeLog))
    if (ticket.comment_count !== comments.length || ticket.attachment_count !== ticket.attachments.length)
      problems.push(
        `wrong: ${id} has a wrong count of comments (${ticket.comment_count}) or files (${ticket.attachment_count})`,
      )
  }
  for (const resource of listed)
    checkResource(resource.name ?? resource.description ?? '', resource.id, fieldsOf(resource))
  for (const { acknowledged, sent, marker } of writes)
    if (acknowledged && !LEAVES_NOTHING.has(sent.kind) && !existing.has(marker) && !removed.has(marker))
      problems.push(`lost: ${marker} (${sent.kind})`)
  const byteProblems = await eightAtATime(
    tickets.flatMap(({ attachments }) => attachments),
    checkBytes,
  )
  return { existing, problems: [...problems, ...byteProblems.flat()] }
}

function fieldsOf({ name, email, url, description }: Listed): object {
  if (email !== undefined) return { kind: 'user', name, email }
  return url === undefined ? { kind: 'key', name } : { kind: 'webhook', url, description }
}

function checkFiles(owners: string[], attachments: Ticket['attachments'], writeLog: WriteLog): Problem[] {
  const describeFile = ({ filename, size, sha256 }: { filename: string; size: number; sha256: string }) =>
    `${filename}, ${size} bytes, ${sha256}`
  const sent = new Set(owners.flatMap((owner) => writeLog.get(owner)?.files ?? []).map(describeFile))
  const stored = new Set(attachments.map(describeFile))
  return [
    ...(stored.size === attachments.length ? [] : [`duplicated: a file of ${owners[0]} exists twice` as const]),
    ...[...sent].filter((file) => !stored.has(file)).map((file) => `partial: without the file ${file}` as const),
    ...[...stored]
      .filter((file) => !sent.has(file))
      .map((file) => `partial: without the resource of the file ${file}` as const),
  ]
}

async function checkBytes({ filename, sha256, url }: Ticket['attachments'][number]): Promise<Problem[]> {
  const response = await fetch(url)
  const bytes = await response.bytes()
  return response.ok && sha256Of(bytes) === sha256 ? [] : [`lost: the bytes of ${filename} (${response.status})`]
}
