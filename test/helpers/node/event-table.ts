import { readFileSync } from 'node:fs'
import { TicketingClient } from '../../../packages/client/src/index.ts'
import { ROOT } from '../../../scripts/lib/local-state.ts'

/** The table "Which operation emits which events" of the guide, and what performs each operation. */

export interface EventRow {
  operation: string
  events: string[]
}

const [, table = ''] = readFileSync(`${ROOT}docs/guides/webhooks.md`, 'utf8').split('| Operation | Events, in order |')

/** The rows as the guide has them. `changes.…` names the changed field of an event. */
export const EVENT_ROWS: EventRow[] = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| ([A-Z].*?) \| (.*?) \|$/gm)].map(
  ([, operation = '', events = '']) => ({
    operation,
    events: [...events.matchAll(/`([a-z_]+\.[a-z_]+)`/g)].map(nameOf),
  }),
)

function nameOf([, name = '']: RegExpExecArray): string {
  return name
}

interface Scene {
  admin: TicketingClient
  /** Of a ticket that was created for this operation. */
  ticketId: string
  url: string
}

/** Prepares each operation, and returns the function that performs it. */
const PREPARE: Record<string, (scene: Scene) => Promise<() => Promise<unknown>>> = {
  'Create a ticket':
    async ({ admin }) =>
    () =>
      admin.tickets.create({ title: 'New', description: 'Ticket' }),
  'Update a ticket, without a new status':
    async ({ admin, ticketId }) =>
    () =>
      admin.tickets.update(ticketId, { priority: 'high', tags: ['a'] }),
  'Update a ticket with a new status':
    async ({ admin, ticketId }) =>
    () =>
      admin.tickets.update(ticketId, { status: 'resolved', priority: 'high' }),
  'Update a ticket without changing a value':
    async ({ admin, ticketId }) =>
    () =>
      admin.tickets.update(ticketId, { status: 'open' }),
  'Delete a ticket':
    async ({ admin, ticketId }) =>
    () =>
      admin.tickets.delete(ticketId),
  'Add a public comment':
    async ({ admin, ticketId }) =>
    () =>
      admin.comments.create(ticketId, { content: 'Public' }),
  'Add an internal comment':
    async ({ admin, ticketId }) =>
    () =>
      admin.comments.create(ticketId, { content: 'Internal', is_internal: true }),
  'Delete a public comment': async ({ admin, ticketId }) => {
    const { id } = await admin.comments.create(ticketId, { content: 'Public' })
    return () => admin.comments.delete(ticketId, id)
  },
  'Upload a file to a ticket':
    async ({ admin, ticketId }) =>
    () =>
      admin.attachments.upload(ticketId, 'text', { filename: 'a.txt' }),
  'Delete an attachment of a ticket': async ({ admin, ticketId }) => {
    const { id } = await admin.attachments.upload(ticketId, 'text', { filename: 'a.txt' })
    return () => admin.attachments.delete(ticketId, id)
  },
  'Add a user':
    async ({ admin }) =>
    () =>
      admin.users.create({ name: 'New', email: newEmail() }),
  'Register as a customer':
    async ({ admin }) =>
    () =>
      admin.auth.register({ account: 'globex', name: 'New', email: newEmail(), password: 'correct horse battery' }),
  'Update a user': async ({ admin }) => {
    const { id } = await admin.users.create({ name: 'New', email: newEmail() })
    return () => admin.users.update(id, { name: 'Newer', role: 'agent' })
  },
  'Test a webhook': async ({ admin, url }) => {
    const { id } = await admin.webhooks.create({ url, events: ['*'] })
    return () => admin.webhooks.test(id)
  },
}

let emails = 0
const newEmail = () => {
  emails += 1
  return `event-table-${emails}@globex.example`
}

/** Uses the premium account of the demo data, which has a higher rate limit, and opens it for registration. */
export async function openEventScene(origin: string) {
  const admin = new TicketingClient({ url: `${origin}/api/v1`, email: 'ada@globex.example', password: 'your_password' })
  await admin.account.update({ allow_registration: true })
  let cursor = ''
  for await (const page of admin.events.list().pages()) cursor = page.cursor

  /** The types of new events. `changes.…` follows an event where the row names it. */
  async function newEvents(named: Set<string>): Promise<string[]> {
    const emitted: string[] = []
    for await (const page of admin.events.list({}, { cursor }).pages()) {
      cursor = page.cursor
      for (const event of page.data) {
        emitted.push(event.event)
        const changes = event.event === 'ticket.updated' ? Object.keys(event.data.changes) : []
        emitted.push(...changes.map((field) => `changes.${field}`).filter((name) => named.has(name)))
      }
    }
    return emitted
  }

  async function emittedBy({ operation, events }: EventRow): Promise<string[]> {
    const prepare = PREPARE[operation]
    if (!prepare) throw new Error(`nothing performs "${operation}"`)
    const { id: ticketId } = await admin.tickets.create({ title: 'For events', description: 'Ticket' })
    const perform = await prepare({ admin, ticketId, url: `http://localhost:9/${operation.length}` })
    await newEvents(new Set())
    await perform()
    return newEvents(new Set(events))
  }

  return { emittedBy }
}
