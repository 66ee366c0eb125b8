import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../test/helpers/node/api.ts'
import { eightAtATime } from './eight-concurrently.ts'
import { type Deed, goneThings, type Ledger, type Problem, type Sent, sha256Of } from './operations.ts'
import { type Listed, ListedPage, markerOf, type Ticket, TicketAnswer, TicketList } from './shapes.ts'

/** Reads the tickets that were created since a time, and those that deeds have made or touched. */
export async function readTickets(api: Api, since: number, deeds: Deed[]): Promise<Ticket[]> {
  const ids = new Set(deeds.flatMap(({ sent }) => ('ticketId' in sent ? sent.ticketId : [])))
  for (const { sent, id } of deeds) if (sent.kind === 'ticket' && id !== null) ids.add(id)
  const from = encodeURIComponent(new Date(since).toISOString())
  for (let page = 1, last = 1; page <= last; page++) {
    const list = TicketList.parse(await api.get(`/tickets?created_after=${from}&per_page=100&page=${page}`))
    for (const { id } of list.data) ids.add(id)
    last = list.pagination.last_page
  }
  return eightAtATime([...ids], async (id) => TicketAnswer.parse(await api.get(`/tickets/${id}`)).data)
}

/** Reads the people, API keys and webhooks that writers have made, without those that have ended. */
export async function readListed(person: Api): Promise<Listed[]> {
  const listed: Listed[] = []
  for (const list of ['users', 'api-keys', 'webhooks'])
    for (let page = 1, last = 1; page <= last; page++) {
      const { data, pagination } = ListedPage.parse(await person.get(`/${list}?per_page=100&page=${page}`))
      listed.push(...data.filter((one) => markerOfListed(one) !== '' && !one.revoked_at))
      last = pagination.last_page
    }
  return listed
}

function markerOfListed({ name, description }: Listed): string {
  return markerOf(name ?? description ?? '')
}

export interface Things {
  /** The markers of what deeds have made and is there. */
  there: Set<string>
  problems: Problem[]
}

/** What deeds do that leaves nothing to be found by their marker: it is told by events. */
const LEAVES_NOTHING = new Set<Sent['kind']>(['change', 'removal', 'ending'])

/** F01: everything acknowledged is there with its bytes, everything else wholly there or wholly not. */
export async function checkThings(tickets: Ticket[], listed: Listed[], deeds: Deed[], ledger: Ledger): Promise<Things> {
  const there = new Set<string>()
  const problems: Problem[] = []
  const gone = goneThings(ledger)

  function meet(text: string, id: string, fields: object): void {
    const marker = markerOf(text)
    const deed = ledger.get(marker)
    if (there.has(marker)) problems.push(`doubled: ${marker} is there twice`)
    there.add(marker)
    if (!deed) return void problems.push(`invented: ${id} is there, and nobody wrote it`)
    if (gone.get(marker)?.acknowledged) problems.push(`wrong: ${marker} was removed, and is there`)
    if (deed.id !== null && deed.id !== id)
      problems.push(`wrong: ${marker} is there as ${id}, and was answered as ${deed.id}`)
    for (const [name, value] of Object.entries(fields)) {
      const sent = new Map<string, unknown>(Object.entries(deed.sent)).get(name)
      if (!isDeepStrictEqual(value, sent)) problems.push(`halved: ${name} of ${marker} is ${JSON.stringify(value)}`)
    }
  }

  for (const { id, title, description, priority, tags, comments, ...ticket } of tickets) {
    meet(title, id, { kind: 'ticket', title, description, priority, tags })
    for (const { id: commentId, content, is_internal } of comments)
      meet(content, commentId, { kind: 'comment', ticketId: id, content, is_internal })
    const uploads = ticket.attachments.filter(({ filename }) => ledger.get(markerOf(filename))?.sent.kind === 'upload')
    for (const { id: fileId, filename } of uploads) meet(filename, fileId, { kind: 'upload', ticketId: id })
    const owners = [title, ...comments.map(({ content }) => content), ...uploads.map(({ filename }) => filename)]
    problems.push(...checkFiles(owners.map(markerOf), ticket.attachments, ledger))
    if (ticket.comment_count !== comments.length || ticket.attachment_count !== ticket.attachments.length)
      problems.push(
        `wrong: ${id} counts its ${ticket.comment_count} comments or ${ticket.attachment_count} files wrongly`,
      )
  }
  for (const one of listed) meet(one.name ?? one.description ?? '', one.id, fieldsOf(one))
  for (const { acknowledged, sent, marker } of deeds)
    if (acknowledged && !LEAVES_NOTHING.has(sent.kind) && !there.has(marker) && !gone.has(marker))
      problems.push(`lost: ${marker} (${sent.kind})`)
  const wrong = await eightAtATime(
    tickets.flatMap(({ attachments }) => attachments),
    checkBytes,
  )
  return { there, problems: [...problems, ...wrong.flat()] }
}

function fieldsOf({ name, email, url, description }: Listed): object {
  if (email !== undefined) return { kind: 'user', name, email }
  return url === undefined ? { kind: 'key', name } : { kind: 'webhook', url, description }
}

function checkFiles(owners: string[], attachments: Ticket['attachments'], ledger: Ledger): Problem[] {
  const told = ({ filename, size, sha256 }: { filename: string; size: number; sha256: string }) =>
    `${filename}, ${size} bytes, ${sha256}`
  const sent = new Set(owners.flatMap((owner) => ledger.get(owner)?.files ?? []).map(told))
  const kept = new Set(attachments.map(told))
  return [
    ...(kept.size === attachments.length ? [] : [`doubled: a file of ${owners[0]} is there twice` as const]),
    ...[...sent].filter((file) => !kept.has(file)).map((file) => `halved: without its ${file}` as const),
    ...[...kept].filter((file) => !sent.has(file)).map((file) => `halved: without what belongs to ${file}` as const),
  ]
}

async function checkBytes({ filename, sha256, url }: Ticket['attachments'][number]): Promise<Problem[]> {
  const response = await fetch(url)
  const bytes = await response.bytes()
  return response.ok && sha256Of(bytes) === sha256 ? [] : [`lost: the bytes of ${filename} (${response.status})`]
}
