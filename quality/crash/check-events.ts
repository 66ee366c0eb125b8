import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../test/helpers/node/api.ts'
import { type Deed, goneThings, type Ledger, type Problem, type Sent } from './operations.ts'
import { EventPage, readEvent, type Ticket, type Told } from './shapes.ts'
import type { Subscriber } from './subscriber.ts'

/** What tells of each kind of deed; nothing of those that are null. */
const TYPES: Record<Sent['kind'], Told['event'] | null> = {
  ticket: 'ticket.created',
  comment: 'comment.created',
  change: 'ticket.updated',
  upload: 'ticket.updated',
  removal: 'ticket.updated',
  user: 'user.created',
  key: null,
  webhook: null,
  ending: null,
}

/** Whether a deed is told by an event. */
export function isTold({ sent }: Deed): boolean {
  return TYPES[sent.kind] !== null
}

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
export function checkSequences(events: Told[]): Problem[] {
  const holes = events.flatMap(({ sequence, id }, index) => {
    const before = events[index - 1]?.sequence ?? 0
    return sequence === before + 1
      ? []
      : [`lost: event ${id} has the sequence ${sequence}, the one before it ${before}` as const]
  })
  const ids = new Set(events.map(({ id }) => id))
  return ids.size === events.length
    ? holes
    : [...holes, `doubled: ${events.length - ids.size} events have the ID of another`]
}

/** That every deed that happened has its one event, and every event a deed that happened; `there` is what is there now. */
export function checkDeeds(events: Told[], deeds: Deed[], ledger: Ledger, there: Set<string>): Problem[] {
  const problems: Problem[] = []
  const told = new Set<string>()
  const gone = goneThings(ledger)
  for (const event of events) {
    if (event.marker === null) continue
    const { marker } = event
    const deed = ledger.get(marker)
    if (told.has(marker)) problems.push(`doubled: ${marker} is told twice`)
    told.add(marker)
    if (!deed) problems.push(`invented: ${event.id} (${event.event}) tells of what nobody did: ${marker}`)
    else if (TYPES[deed.sent.kind] !== event.event) problems.push(`wrong: ${marker} is told as ${event.event}`)
    else if (deed.sent.kind === 'removal' && there.has(deed.sent.of))
      problems.push(`halved: ${marker} is told, and what it removed is there`)
    else if (isMaker(deed) && !there.has(marker) && !gone.has(marker))
      problems.push(`halved: ${marker} is told, and is not there`)
    else if (isMaker(deed)) problems.push(...checkWhole(event, deed))
  }
  for (const deed of deeds) {
    const { marker, sent, acknowledged } = deed
    if (!isTold(deed) || told.has(marker)) continue
    const happened = acknowledged || there.has(marker) || (sent.kind === 'removal' && !there.has(sent.of))
    if (happened) problems.push(`halved: ${marker} happened, and has no event`)
  }
  return problems
}

function isMaker({ sent: { kind } }: Deed): boolean {
  return kind !== 'change' && kind !== 'removal'
}

/** That an event holds what was sent, with the files. */
function checkWhole({ data }: Told, { marker, sent, files }: Deed): Problem[] {
  const { ticket, comment, changes, user } = data
  const file = changes?.attachments?.current
  const shas = (of: { sha256: string }[] = []) => of.map(({ sha256 }) => sha256).sort()
  const isWhole =
    (sent.kind === 'ticket' &&
      isDeepStrictEqual([ticket?.title, ticket?.tags], [sent.title, sent.tags]) &&
      isDeepStrictEqual(shas(ticket?.attachments), shas(files))) ||
    (sent.kind === 'comment' &&
      isDeepStrictEqual([comment?.content, comment?.is_internal], [sent.content, sent.is_internal]) &&
      isDeepStrictEqual(shas(comment?.attachments), shas(files))) ||
    (sent.kind === 'upload' &&
      isDeepStrictEqual(
        [[file?.filename, file?.size]],
        files.map(({ filename, size }) => [filename, size]),
      )) ||
    (sent.kind === 'user' && isDeepStrictEqual([user?.name, user?.email], [sent.name, sent.email]))
  return isWhole ? [] : [`halved: ${marker} is not told as it was sent`]
}

/** That what happened to each ticket is one chain, from its creation to how it is now. */
export function checkChains(tickets: Ticket[], events: Told[], ledger: Ledger): Problem[] {
  const byTicket = Map.groupBy(events, ({ data }) => data.ticket?.id)
  return tickets.flatMap((ticket) => checkTicket(ticket, byTicket.get(ticket.id) ?? [], ledger))
}

interface Step {
  previous?: string | undefined
  current?: string | undefined
}

function checkTicket(ticket: Ticket, events: Told[], ledger: Ledger): Problem[] {
  const [first] = events
  if (first?.event !== 'ticket.created') return [`wrong: the first event of ${ticket.id} is ${first?.event}`]
  const updates = events.flatMap(({ data }) => data.changes ?? [])
  const marks = updates.flatMap(({ custom_fields }) => custom_fields ?? [])
  const statuses = updates.flatMap(({ status }) => status ?? [])
  const told = events.flatMap(({ data: { ticket } }) => (typeof ticket?.status === 'object' ? [ticket.status] : []))
  const raised = events.filter((event) => raisesVersion(event, ledger))
  const version = 1 + raised.length
  return [
    ...(ticket.version === version
      ? []
      : [`wrong: ${ticket.id} is at version ${ticket.version}, its events at ${version}` as const]),
    ...(isDeepStrictEqual(told, statuses)
      ? []
      : [`wrong: ${ticket.id} has another ticket.status_changed than ticket.updated` as const]),
    ...checkChain(`status of ${ticket.id}`, 'open', told, ticket.status),
    ...checkChain(`mark of ${ticket.id}`, undefined, marks, ticket.custom_fields.mark),
  ]
}

/** What customers do not see moves nothing. */
function raisesVersion({ event, marker }: Told, ledger: Ledger): boolean {
  const sent = ledger.get(marker ?? '')?.sent
  if (event === 'ticket.updated') return !(sent?.kind === 'removal' && sent.isInternal)
  return event === 'comment.created' && sent?.kind === 'comment' && !sent.is_internal
}

function checkChain(name: string, first: string | undefined, steps: Step[], last: string | undefined): Problem[] {
  const before = [first, ...steps.map(({ current }) => current)]
  const after = [...steps.map(({ previous }) => previous), last]
  return isDeepStrictEqual(before, after) ? [] : [`wrong: ${name}: the chain ${JSON.stringify(steps)} ends at ${last}`]
}

/** That nothing was delivered but events, each as `GET /events` tells it. */
export function checkDeliveries(events: Told[], subscriber: Subscriber): Problem[] {
  const known = new Map(events.map((event) => [event.id, event]))
  return [...subscriber.deliveries].flatMap(([id, { event }]): Problem[] => {
    const told = known.get(id)
    if (!told) return [`invented: ${id} (${event.event}, ${event.marker}) was delivered, and is no event`]
    return isDeepStrictEqual(told.whole, event.whole)
      ? []
      : [`wrong: ${id} was delivered otherwise than GET /events tells it`]
  })
}
