import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../test/helpers/node/api.ts'
import { isErasedForm, writtenMarker } from './erased.ts'
import { type Problem, removals, type Sent, type Write, type WriteLog } from './operations.ts'
import { EventPage, type ReceivedEvent, readEvent, type Ticket } from './shapes.ts'
import type { Subscriber } from './subscriber.ts'

/** The event that each kind of write emits, or null. */
const TYPES: Record<Sent['kind'], ReceivedEvent['event'] | null> = {
  ticket: 'ticket.created',
  comment: 'comment.created',
  change: 'ticket.updated',
  upload: 'ticket.updated',
  removal: 'ticket.updated',
  user: 'user.created',
  key: null,
  webhook: null,
  deletion: null,
}

export function hasEvent({ sent }: Write): boolean {
  return TYPES[sent.kind] !== null
}

/** Appends the account's new events to `known` and returns them. */
export async function readEvents(
  api: Api,
  known: { events: ReceivedEvent[]; cursor: string },
): Promise<ReceivedEvent[]> {
  const fresh: ReceivedEvent[] = []
  for (let more = true; more; ) {
    const page = EventPage.parse(await api.get(`/events?per_page=100&cursor=${encodeURIComponent(known.cursor)}`))
    fresh.push(...page.data.map(readEvent))
    known.cursor = page.pagination.next_cursor
    more = page.pagination.has_more
  }
  known.events.push(...fresh)
  return fresh
}

export function checkSequences(events: ReceivedEvent[]): Problem[] {
  const gaps = events.flatMap(({ sequence, id }, index) => {
    const previous = events[index - 1]?.sequence ?? 0
    return sequence === previous + 1
      ? []
      : [`lost: event ${id} has the sequence ${sequence}, after ${previous}` as const]
  })
  const ids = new Set(events.map(({ id }) => id))
  return ids.size === events.length
    ? gaps
    : [...gaps, `duplicated: ${events.length - ids.size} events have the ID of another event`]
}

/**
 * Every write that happened must have its one event, and every event its write; `existing` is what the API returns now.
 */
export function checkWrites(
  events: ReceivedEvent[],
  writes: Write[],
  writeLog: WriteLog,
  existing: Set<string>,
): Problem[] {
  const problems: Problem[] = []
  const emitted = new Set<string>()
  const removed = removals(writeLog)
  for (const event of events) {
    if (event.marker === null) continue
    const marker = writtenMarker(event.marker, writeLog)
    const write = writeLog.get(marker)
    if (emitted.has(marker)) problems.push(`duplicated: ${marker} has two events`)
    emitted.add(marker)
    if (!write) problems.push(`unexpected: ${event.id} (${event.event}) has no write: ${marker}`)
    else if (TYPES[write.sent.kind] !== event.event) problems.push(`wrong: ${marker} has the event ${event.event}`)
    else if (write.sent.kind === 'removal' && existing.has(write.sent.of))
      problems.push(`partial: ${marker} has an event, and the deleted resource exists`)
    else if (isCreation(write) && !existing.has(marker) && !removed.has(marker))
      problems.push(`partial: ${marker} has an event, and does not exist`)
    else if (isCreation(write)) problems.push(...checkContent(event, write))
  }
  for (const write of writes) {
    const { marker, sent, acknowledged } = write
    if (!hasEvent(write) || emitted.has(marker)) continue
    const happened = acknowledged || existing.has(marker) || (sent.kind === 'removal' && !existing.has(sent.of))
    if (happened) problems.push(`partial: ${marker} has no event`)
  }
  return problems
}

function isCreation({ sent: { kind } }: Write): boolean {
  return kind !== 'change' && kind !== 'removal'
}

function checkContent({ data, redacted }: ReceivedEvent, { marker, sent, files }: Write): Problem[] {
  const { ticket, comment, changes, user } = data
  const file = changes?.attachments?.current
  const shas = (of: { sha256: string }[] = []) => of.map(({ sha256 }) => sha256).sort()
  const isComplete =
    (sent.kind === 'ticket' &&
      isDeepStrictEqual([ticket?.title, ticket?.tags], [sent.title, sent.tags]) &&
      isDeepStrictEqual(shas(ticket?.attachments), shas(files))) ||
    (sent.kind === 'comment' &&
      isDeepStrictEqual([comment?.content, comment?.is_internal], [redacted ? '' : sent.content, sent.is_internal]) &&
      isDeepStrictEqual(shas(comment?.attachments), shas(files))) ||
    (sent.kind === 'upload' &&
      isDeepStrictEqual(
        [[file?.filename, file?.size]],
        files.map(({ filename, size }) => [filename, size]),
      )) ||
    (sent.kind === 'user' && isDeepStrictEqual([user?.name, user?.email], [sent.name, sent.email]))
  return isComplete ? [] : [`partial: the event of ${marker} differs from the request`]
}

/** The changes of a ticket must form a chain from its creation to its current state. */
export function checkChains(tickets: Ticket[], events: ReceivedEvent[], writeLog: WriteLog): Problem[] {
  const byTicket = Map.groupBy(events, ({ data }) => data.ticket?.id)
  return tickets.flatMap((ticket) => checkTicket(ticket, byTicket.get(ticket.id) ?? [], writeLog))
}

interface Step {
  previous?: string | undefined
  current?: string | undefined
}

function checkTicket(ticket: Ticket, events: ReceivedEvent[], writeLog: WriteLog): Problem[] {
  const [first] = events
  if (first?.event !== 'ticket.created') return [`wrong: the first event of ${ticket.id} is ${first?.event}`]
  const updates = events.flatMap(({ data }) => data.changes ?? [])
  const marks = updates.flatMap(({ custom_fields }) => custom_fields ?? [])
  const statuses = updates.flatMap(({ status }) => status ?? [])
  const emitted = events.flatMap(({ data: { ticket } }) => (typeof ticket?.status === 'object' ? [ticket.status] : []))
  const raised = events.filter((event) => raisesVersion(event, writeLog))
  const version = 1 + raised.length
  return [
    ...(ticket.version === version
      ? []
      : [`wrong: ${ticket.id} has version ${ticket.version}, and its events add up to ${version}` as const]),
    ...(isDeepStrictEqual(emitted, statuses)
      ? []
      : [`wrong: ${ticket.id} has another ticket.status_changed than ticket.updated` as const]),
    ...checkChain(`status of ${ticket.id}`, 'open', emitted, ticket.status),
    ...checkChain(`mark of ${ticket.id}`, undefined, marks, ticket.custom_fields.mark),
  ]
}

/** Changes that customers cannot see do not raise the version. */
function raisesVersion({ event, marker }: ReceivedEvent, writeLog: WriteLog): boolean {
  const sent = writeLog.get(writtenMarker(marker ?? '', writeLog))?.sent
  if (event === 'ticket.updated') return !(sent?.kind === 'removal' && sent.isInternal)
  return event === 'comment.created' && sent?.kind === 'comment' && !sent.is_internal
}

function checkChain(name: string, first: string | undefined, steps: Step[], last: string | undefined): Problem[] {
  const previous = [first, ...steps.map(({ current }) => current)]
  const after = [...steps.map(({ previous }) => previous), last]
  return isDeepStrictEqual(previous, after)
    ? []
    : [`wrong: ${name}: the chain ${JSON.stringify(steps)} ends at ${last}`]
}

export function checkDeliveries(events: ReceivedEvent[], subscriber: Subscriber): Problem[] {
  const known = new Map(events.map((event) => [event.id, event]))
  return [...subscriber.deliveries].flatMap(([id, { event }]): Problem[] => {
    const emitted = known.get(id)
    if (!emitted) return [`unexpected: ${id} (${event.event}, ${event.marker}) was delivered, and is not an event`]
    return isDeepStrictEqual(emitted.raw, event.raw) || isErasedForm(emitted.raw, event.raw)
      ? []
      : [`wrong: ${id} was delivered with other bytes than GET /events returns`]
  })
}
