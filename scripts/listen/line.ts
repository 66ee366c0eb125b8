import { z } from 'zod'
import type { Received } from './receiver.ts'

const StatusChange = z.object({ previous: z.string(), current: z.string() })

const Ticket = z.object({
  id: z.string(),
  number: z.number().optional(),
  title: z.string(),
  status: z.union([z.string(), StatusChange]).optional(),
})

const Event = z.object({
  id: z.string(),
  sequence: z.number(),
  event: z.string(),
  data: z.object({
    ticket: Ticket.optional(),
    changes: z.record(z.string(), z.unknown()).optional(),
    comment: z.object({ content: z.string() }).optional(),
    user: z.object({ name: z.string(), email: z.string() }).optional(),
  }),
})

/** One line per delivery: time, event, attempt, verdict, status and subject. */
export function lineOn(request: Received, verdict: string, status: number): string {
  const time = new Date(request.at).toTimeString().slice(0, 8)
  const event = Event.safeParse(jsonIn(request.body)).data
  const details = event
    ? [event.event, `#${event.sequence}`, event.id, `attempt ${request.attempt}`]
    : [`${request.method} ${request.path}`, 'not an event']
  const subject = event ? subjectOf(event.data) : ''
  return printable([time, ...details, verdict, `answered ${status}`, ...(subject ? [subject] : [])].join('  '))
}

/** Indented JSON, or the unchanged text if it is not JSON. */
export function bodyOf(request: Received): string {
  const json = jsonIn(request.body)
  return json === undefined ? request.body.toString() : JSON.stringify(json, null, 2)
}

function subjectOf({ ticket, changes, comment, user }: z.infer<typeof Event>['data']): string {
  if (user) return `${user.name} <${user.email}>`
  if (!ticket) return ''
  const name = `ticket ${ticket.number ?? ticket.id} "${ticket.title}"`
  if (comment) return `${name}: "${shortened(comment.content)}"`
  if (changes) return `${name}: ${Object.keys(changes).join(', ')}`
  if (typeof ticket.status === 'object') return `${name}: ${ticket.status.previous} → ${ticket.status.current}`
  return name
}

function shortened(text: string): string {
  const characters = [...text]
  return characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : text
}

/** Removes control characters, which could move the cursor of a terminal. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, ' ')
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString())
  } catch {
    return undefined
  }
}
