import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../node/helpers/api.ts'
import type { Deed } from './deeds.ts'
import { EventPage, readEvent, type Ticket, type Told } from './shapes.ts'
import type { Subscriber } from './subscriber.ts'
import type { Ledger } from './writers.ts'

const TYPES = {
  ticket: 'ticket.created',
  comment: 'comment.created',
  change: 'ticket.updated',
  upload: 'ticket.updated',
} as const

/** All events of the account after those that are known, which it is added to. */
export async function readEvents(api: Api, known: { events: Told[]; cursor: string }): Promise<Told[]> {
  const fresh: Told[] = []
  for (let more = true; more; ) {
    const page = EventPage.parse(await api.get(`/events?per_page=100&cursor=${encodeURIComponent(known.cursor)}`))
    fresh.push(...page.data.map(readEvent))
    known.cursor = page.pagination.next_cursor
    more = page.pagination.has_more
  }
  known.events.push(...fresh)
  return fresh
}

/** That the events number 1, 2, 3 …, and that each is told once. */
export function checkSequences(events: Told[]): string[] {
  const holes = events.flatMap(({ sequence, id }, index) => {
    const before = events[index - 1]?.sequence ?? 0
    return sequence === before + 1 ? [] : [`event ${id} has the sequence ${sequence}, the one before it ${before}`]
  })
  const ids = new Set(events.map(({ id }) => id))
  return ids.size === events.length ? holes : [...holes, `${events.length - ids.size} events have the ID of another`]
}

/** That every deed that happened has its one event, and every event a deed that happened. */
export function checkDeeds(events: Told[], deeds: Deed[], ledger: Ledger, there: Set<string>): string[] {
  const problems: string[] = []
  const told = new Map<string, Told>()
  for (const event of events) {
    if (event.marker === null) continue
    const { marker } = event
    const deed = ledger.get(marker)
    if (!deed) problems.push(`${event.id} (${event.event}) tells of what nobody did: ${marker}`)
    else if (TYPES[deed.sent.kind] !== event.event) problems.push(`${marker} is told as ${event.event}`)
    else if (deed.sent.kind !== 'change' && !there.has(marker)) problems.push(`${marker} is told, and is not there`)
    else if (deed.sent.kind !== 'change') problems.push(...checkWhole(event, deed))
    if (told.has(marker)) problems.push(`${marker} is told twice`)
    told.set(marker, event)
  }
  for (const { marker, acknowledged } of deeds)
    if ((acknowledged || there.has(marker)) && !told.has(marker)) problems.push(`${marker} happened, and has no event`)
  return problems
}

/** That an event holds what was sent, with the files. */
function checkWhole(event: Told, { marker, sent, files }: Deed): string[] {
  const { ticket, comment, changes } = event.data
  const file = changes?.attachments?.current
  const shas = (of: { sha256: string }[] = []) => of.map(({ sha256 }) => sha256).sort()
  const isWhole =
    (sent.kind === 'ticket' &&
      isDeepStrictEqual([ticket.title, ticket.tags], [sent.title, sent.tags]) &&
      isDeepStrictEqual(shas(ticket.attachments), shas(files))) ||
    (sent.kind === 'comment' &&
      isDeepStrictEqual([comment?.content, comment?.is_internal], [sent.content, sent.is_internal]) &&
      isDeepStrictEqual(shas(comment?.attachments), shas(files))) ||
    (sent.kind === 'upload' &&
      isDeepStrictEqual(
        [file],
        files.map(({ filename, size }) => ({ filename, size })),
      ))
  return isWhole ? [] : [`${marker} is not told as it was sent`]
}

/** That what happened to each ticket is one chain, from its creation to how it is now. */
export function checkChains(tickets: Ticket[], events: Told[], ledger: Ledger): string[] {
  const byTicket = Map.groupBy(events, ({ data }) => data.ticket.id)
  return tickets.flatMap((ticket) => checkTicket(ticket, byTicket.get(ticket.id) ?? [], ledger))
}

interface Step {
  previous?: string | undefined
  current?: string | undefined
}

function checkTicket(ticket: Ticket, events: Told[], ledger: Ledger): string[] {
  const [first] = events
  if (first?.event !== 'ticket.created') return [`the first event of ${ticket.id} is ${first?.event}`]
  const updates = events.flatMap(({ data }) => data.changes ?? [])
  const marks = updates.flatMap(({ custom_fields }) => custom_fields ?? [])
  const statuses = updates.flatMap(({ status }) => status ?? [])
  const told = events.flatMap(({ data: { ticket } }) => (typeof ticket.status === 'object' ? [ticket.status] : []))
  const comments = events.filter(
    ({ event, marker }) => event === 'comment.created' && isPublic(ledger.get(marker ?? '')),
  )
  const version = 1 + updates.length + comments.length
  return [
    ...(ticket.version === version ? [] : [`${ticket.id} is at version ${ticket.version}, its events at ${version}`]),
    ...(isDeepStrictEqual(told, statuses)
      ? []
      : [`${ticket.id} has another ticket.status_changed than ticket.updated`]),
    ...checkChain(`status of ${ticket.id}`, 'open', told, ticket.status),
    ...checkChain(`mark of ${ticket.id}`, undefined, marks, ticket.custom_fields.mark),
  ]
}

function isPublic(deed: Deed | undefined): boolean {
  return deed?.sent.kind === 'comment' && !deed.sent.is_internal
}

function checkChain(name: string, first: string | undefined, steps: Step[], last: string | undefined): string[] {
  const before = [first, ...steps.map(({ current }) => current)]
  const after = [...steps.map(({ previous }) => previous), last]
  return isDeepStrictEqual(before, after) ? [] : [`${name}: the chain ${JSON.stringify(steps)} ends at ${last}`]
}

/** That nothing was delivered but events, each as `GET /events` tells it. */
export function checkDeliveries(events: Told[], subscriber: Subscriber): string[] {
  const known = new Map(events.map((event) => [event.id, event]))
  return [...subscriber.deliveries].flatMap(([id, { event }]) => {
    const told = known.get(id)
    if (!told) return [`${id} (${event.event}, ${event.marker}) was delivered, and is no event`]
    return isDeepStrictEqual(told.whole, event.whole) ? [] : [`${id} was delivered otherwise than GET /events tells it`]
  })
}
