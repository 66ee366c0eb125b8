import type { EventType } from '../../src/db/outbox.ts'
import type { comments, ticketHistory, tickets } from '../../src/db/schema/tickets.ts'
import type { events } from '../../src/db/schema/webhooks.ts'
import { ADA, COLLEAGUES, GLOBEX, type Person } from './people.ts'
import type { Random } from './random.ts'
import type { Action, Change } from './timeline.ts'

type Ticket = typeof tickets.$inferInsert & { publicComments: number; internalComments: number }
type Event = typeof events.$inferInsert

export interface Rows {
  tickets: Ticket[]
  comments: (typeof comments.$inferInsert)[]
  history: (typeof ticketHistory.$inferInsert)[]
  events: Event[]
}

/** The latest number and event sequence of the account, to continue from. */
export interface Counters {
  ticketNumber: number
  eventSequence: number
}

/** The history names fields like the API. */
const FIELDS = { status: 'status', priority: 'priority', assignedTo: 'assigned_to', tags: 'tags' } as const

const people = new Map([ADA, ...COLLEAGUES].map((person) => [person.id, person]))

/** The rows that the service would have written for the actions, in their order. */
export function rowsOf(actions: readonly Action[], counters: Counters, random: Random): Rows {
  return new Writer(counters, random).write(actions)
}

class Writer {
  private readonly rows: Rows = { tickets: [], comments: [], history: [], events: [] }
  private number: number
  private sequence: number
  private readonly random: Random

  constructor({ ticketNumber, eventSequence }: Counters, random: Random) {
    this.number = ticketNumber
    this.sequence = eventSequence
    this.random = random
  }

  write(actions: readonly Action[]): Rows {
    for (const action of actions) {
      if (action.kind === 'create') this.create(action)
      else if (action.kind === 'change') this.change(action, action.change)
      else this.comment(action)
    }
    return this.rows
  }

  private create({ ticket, actor, at }: Action & { kind: 'create' }): void {
    this.number += 1
    const row: Ticket = {
      accountId: GLOBEX,
      id: this.id('ticket', at),
      number: this.number,
      version: 1,
      title: ticket.title,
      description: ticket.description,
      status: 'open',
      priority: ticket.priority,
      createdBy: actor.id,
      assignedTo: null,
      tags: JSON.stringify(ticket.tags),
      customFields: JSON.stringify(ticket.customFields),
      publicComments: 0,
      internalComments: 0,
      createdAt: at,
      updatedAt: at,
    }
    this.rows.tickets.push(row)
    this.event('ticket.created', row, at, { ticket: snapshotOf(row), attachments: [] })
  }

  private change({ actor, at, ticketIndex }: Action, change: Change): void {
    const ticket = this.ticketAt(ticketIndex)
    const { tags, ...plain } = change
    const values = { ...plain, ...(tags && { tags: JSON.stringify(tags) }) }
    const changeId = this.id('change', at)
    const changes: Record<string, { previous: unknown; current: unknown }> = {}
    for (const [key, name] of Object.entries(FIELDS)) {
      const field = key as keyof typeof FIELDS
      const value = values[field]
      if (value === undefined || value === ticket[field]) continue
      const [previous, current] = [jsonOf(field, ticket[field] ?? null), jsonOf(field, value)]
      const row = { accountId: GLOBEX, ticketId: ticket.id, changeId, actorId: actor.id, field: name }
      this.rows.history.push({ ...row, previous, current, createdAt: at })
      changes[name] = { previous: JSON.parse(previous), current: JSON.parse(current) }
    }
    Object.assign(ticket, values, { version: ticket.version + 1, updatedAt: at })
    const { id, title } = ticket
    const by = memberOf(actor)
    if (changes.status)
      this.event('ticket.status_changed', ticket, at, { ticket: { id, title }, status: changes.status, actor: by })
    this.event('ticket.updated', ticket, at, { ticket: snapshotOf(ticket), changes, actor: by })
  }

  private comment({ actor, at, ticketIndex, content, isInternal }: Action & { kind: 'comment' }): void {
    const ticket = this.ticketAt(ticketIndex)
    const comment = {
      accountId: GLOBEX,
      id: this.id('comment', at),
      ticketId: ticket.id,
      createdBy: actor.id,
      content,
      isInternal: Number(isInternal),
      createdAt: at,
    }
    this.rows.comments.push(comment)
    if (isInternal) ticket.internalComments += 1
    else
      Object.assign(ticket, { publicComments: ticket.publicComments + 1, version: ticket.version + 1, updatedAt: at })
    const { id, number, title, status } = ticket
    const snapshot = {
      id: comment.id,
      content,
      created_at: at,
      created_by_id: actor.id,
      created_by_name: actor.name,
      created_by_email: actor.email,
      is_internal: comment.isInternal,
    }
    const data = { comment: snapshot, attachments: [], ticket: { id, number, title, status } }
    this.event('comment.created', ticket, at, data, isInternal)
  }

  private event(type: EventType, ticket: Ticket, at: number, data: unknown, isInternal = false): void {
    this.sequence += 1
    this.rows.events.push({
      accountId: GLOBEX,
      sequence: this.sequence,
      id: this.id('evt', at),
      type,
      ticketId: ticket.id,
      isInternal: Number(isInternal),
      data: JSON.stringify(data),
      createdAt: at,
    })
  }

  private ticketAt(index: number): Ticket {
    const ticket = this.rows.tickets[index]
    if (!ticket) throw new RangeError(`Ticket ${index} does not exist yet`)
    return ticket
  }

  /** As of `newId` in src/lib/ids.ts, without its randomness. */
  private id(prefix: string, at: number): string {
    const digits = (length: number, next: () => number) => Array.from({ length }, () => BASE_32[next()] ?? '').join('')
    const time = Array.from({ length: 10 }, (_, index) => BASE_32[Math.floor(at / 32 ** (9 - index)) % 32] ?? '').join(
      '',
    )
    return `${prefix}_${time}${digits(16, () => this.random.integer(32))}`
  }
}

const BASE_32 = '0123456789abcdefghjkmnpqrstvwxyz'

function jsonOf(field: keyof typeof FIELDS, value: string | null): string {
  return field === 'tags' && value !== null ? value : JSON.stringify(value)
}

function memberOf({ id, name, email }: Person) {
  return { id, name, email }
}

/** As `TICKET` in src/db/ticket-row.ts selects it. */
function snapshotOf(ticket: Ticket) {
  const creator = people.get(ticket.createdBy)
  const assignee = ticket.assignedTo ? people.get(ticket.assignedTo) : undefined
  return {
    id: ticket.id,
    number: ticket.number,
    version: ticket.version,
    title: ticket.title,
    description: ticket.description,
    status: ticket.status,
    priority: ticket.priority,
    created_at: ticket.createdAt,
    updated_at: ticket.updatedAt,
    created_by_id: ticket.createdBy,
    created_by_name: creator?.name,
    created_by_email: creator?.email,
    assigned_to_id: ticket.assignedTo,
    assigned_to_name: assignee?.name ?? null,
    assigned_to_email: assignee?.email ?? null,
    tags: ticket.tags,
    custom_fields: ticket.customFields,
    public_comments: ticket.publicComments,
    internal_comments: ticket.internalComments,
    public_attachments: 0,
    internal_attachments: 0,
  }
}
