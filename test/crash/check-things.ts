import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../node/helpers/api.ts'
import { type Deed, sha256Of } from './deeds.ts'
import { markerOf, type Ticket, TicketAnswer, TicketList } from './shapes.ts'
import type { Ledger } from './writers.ts'

/** Reads the tickets that were created since a time, and those that deeds have touched. */
export async function readTickets(api: Api, since: number, deeds: Deed[]): Promise<Ticket[]> {
  const ids = new Set(deeds.flatMap(({ sent }) => (sent.kind === 'ticket' ? [] : [sent.ticketId])))
  const from = encodeURIComponent(new Date(since).toISOString())
  for (let page = 1, last = 1; page <= last; page++) {
    const list = TicketList.parse(await api.get(`/tickets?created_after=${from}&per_page=100&page=${page}`))
    for (const { id } of list.data) ids.add(id)
    last = list.pagination.last_page
  }
  return eightAtATime([...ids], async (id) => TicketAnswer.parse(await api.get(`/tickets/${id}`)).data)
}

export interface Things {
  /** The markers of the tickets, comments and uploads that are there. */
  there: Set<string>
  problems: string[]
}

/** F01: everything acknowledged is there with its bytes, everything else wholly there or wholly not. */
export async function checkThings(tickets: Ticket[], deeds: Deed[], ledger: Ledger): Promise<Things> {
  const there = new Set<string>()
  const problems: string[] = []

  function meet(text: string, id: string, fields: object): void {
    const marker = markerOf(text)
    const deed = ledger.get(marker)
    if (there.has(marker)) problems.push(`${marker} is there twice`)
    there.add(marker)
    if (!deed) return void problems.push(`${id} is there, and nobody wrote it`)
    if (deed.id !== null && deed.id !== id) problems.push(`${marker} is there as ${id}, and was answered as ${deed.id}`)
    for (const [name, value] of Object.entries(fields)) {
      const sent = new Map<string, unknown>(Object.entries(deed.sent)).get(name)
      if (!isDeepStrictEqual(value, sent)) problems.push(`${name} of ${marker} is ${JSON.stringify(value)}`)
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
      problems.push(`${id} counts ${ticket.comment_count} comments and ${ticket.attachment_count} attachments wrongly`)
  }
  for (const { acknowledged, sent, marker } of deeds)
    if (acknowledged && sent.kind !== 'change' && !there.has(marker)) problems.push(`${marker} (${sent.kind}) is lost`)
  const wrong = await eightAtATime(
    tickets.flatMap(({ attachments }) => attachments),
    checkBytes,
  )
  return { there, problems: [...problems, ...wrong.flat()] }
}

function checkFiles(owners: string[], attachments: Ticket['attachments'], ledger: Ledger): string[] {
  const told = ({ filename, size, sha256 }: { filename: string; size: number; sha256: string }) =>
    `${filename}, ${size} bytes, ${sha256}`
  const sent = new Set(owners.flatMap((owner) => ledger.get(owner)?.files ?? []).map(told))
  const kept = new Set(attachments.map(told))
  return [
    ...[...sent].filter((file) => !kept.has(file)).map((file) => `${file} is lost`),
    ...[...kept].filter((file) => !sent.has(file)).map((file) => `${file} is there without what it belongs to`),
  ]
}

async function checkBytes({ filename, sha256, url }: Ticket['attachments'][number]): Promise<string[]> {
  const response = await fetch(url)
  const bytes = await response.bytes()
  return response.ok && sha256Of(bytes) === sha256 ? [] : [`the bytes of ${filename} are lost (${response.status})`]
}

async function eightAtATime<T, R>(items: T[], run: (item: T) => Promise<R>): Promise<R[]> {
  const queue = items.entries()
  const results: R[] = []
  const worker = async () => {
    for (const [index, item] of queue) results[index] = await run(item)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return results
}
