import { alias } from '../../src/db/alias'
import { jsonObject } from '../../src/db/json'
import { users } from '../../src/db/schema/accounts'
import { ticketHistory, tickets } from '../../src/db/schema/tickets'
import { events, webhooks } from '../../src/db/schema/webhooks'
import { selection } from '../../src/db/selection'
import { sql } from '../../src/db/sql'
import { insertSelect, omitUndefined, update } from '../../src/db/write'

const t = alias(tickets, 't')

/** Compiled, not run: `npm run check` fails if the compiler accepts one of the errors here. */
export function updates(maybe: string | undefined) {
  const condition = sql`1`
  update(
    tickets,
    { title: tickets.description, assignedTo: tickets.id, ...omitUndefined({ description: maybe }) },
    condition,
  )
  update(tickets, { title: sql`${tickets.title} || '!'`, assignedTo: null }, condition)
  // @ts-expect-error A value may be missing.
  update(tickets, { title: maybe }, condition)
  // @ts-expect-error A value is of another type.
  update(tickets, { version: 'one' }, condition)
  // @ts-expect-error A value is not one of the enum.
  update(tickets, { status: 'opened' }, condition)
  // @ts-expect-error An expression is of another type.
  update(tickets, { title: sql<number>`1` }, condition)
  // @ts-expect-error An expression may be null.
  update(tickets, { title: sql<string | null>`NULL` }, condition)
  // @ts-expect-error A column is of another type.
  update(tickets, { title: tickets.version }, condition)
  // @ts-expect-error A column has values that the enum lacks.
  update(tickets, { status: tickets.title }, condition)
  // @ts-expect-error A column may be null.
  update(tickets, { title: tickets.assignedTo }, condition)
  // @ts-expect-error A column is of another table, which the statement does not name.
  update(tickets, { title: users.name }, condition)
  // @ts-expect-error There is no such column.
  update(tickets, { subject: 'T' }, condition)
}

export function inserts() {
  const event = {
    accountId: tickets.accountId,
    sequence: 1,
    id: 'a',
    type: 'ticket.created',
    isInternal: 0,
    data: '{}',
  } as const
  const from = sql`FROM ${tickets}`
  insertSelect(events, { ...event, ticketId: tickets.id, createdAt: tickets.createdAt }, from)
  insertSelect(events, { ...event, ticketId: null, createdAt: t.createdAt }, from)
  // @ts-expect-error A required column is missing.
  insertSelect(events, event, from)
  // @ts-expect-error A required column may be missing.
  insertSelect(events, { ...event, ...omitUndefined({ createdAt: 1 }) }, from)
  // @ts-expect-error A column is of another type.
  insertSelect(events, { ...event, createdAt: tickets.id }, from)
  // @ts-expect-error A column may be null.
  insertSelect(events, { ...event, createdAt: webhooks.nextAt }, from)
  // @ts-expect-error A column with an alias is of another type.
  insertSelect(events, { ...event, createdAt: t.id }, from)
  // @ts-expect-error A table is not a value.
  insertSelect(events, { ...event, createdAt: alias(ticketHistory, 'h') }, from)
}

export function snapshots() {
  const ticket = selection({ id: t.id, number: t.number })
  jsonObject<{ ticket: { id: string; number: number } }>({ ticket: ticket.json })
  // @ts-expect-error A field of the snapshot is missing.
  jsonObject<{ ticket: { id: string; number: number; title: string } }>({ ticket: ticket.json })
  // @ts-expect-error A text is not JSON.
  jsonObject<{ title: string }>({ title: t.title })
}
