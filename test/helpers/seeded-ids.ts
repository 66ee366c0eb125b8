import { env } from 'cloudflare:workers'
import { apiKeys, users } from '../../src/db/schema/accounts'
import { attachments, comments, tickets } from '../../src/db/schema/tickets'
import { deliveries, webhooks } from '../../src/db/schema/webhooks'
import { type SQL, sql } from '../../src/db/sql'
import type { Statement } from '../../src/db/statement'
import { deleteFrom, insertSelect, update } from '../../src/db/write'
import type { Account } from './api'
import { prepare } from './database'
import { missingIds, type PathIdName, type PathIds } from './path-ids'

/** `sets` is a table of JSON objects with IDs; `first` is a number that no row has yet. */
type Seed = (account: Account, first: number, sets: SQL) => Statement

const id = (name: PathIdName | 'author') => sql<string>`(value ->> ${name})`

/** Inserts rows by SQL, so that no rate limit or quota applies. */
const SEEDS: Record<PathIdName, Seed[]> = {
  ticket_id: [
    (account, first, sets) =>
      insertSelect(
        tickets,
        {
          accountId: account.id,
          id: id('ticket_id'),
          number: sql`key + ${first}`,
          version: 1,
          title: 'T',
          description: 'D',
          status: 'open',
          priority: 'low',
          createdBy: account.customer.id,
          tags: '[]',
          customFields: '{}',
          createdAt: 1,
          updatedAt: 1,
        },
        sets,
      ),
  ],
  comment_id: [
    (account, _, sets) =>
      insertSelect(
        comments,
        {
          accountId: account.id,
          id: id('comment_id'),
          ticketId: id('ticket_id'),
          createdBy: id('author'),
          content: 'C',
          isInternal: 0,
          createdAt: 1,
        },
        sets,
      ),
  ],
  attachment_id: [
    (account, _, sets) =>
      insertSelect(
        attachments,
        {
          accountId: account.id,
          id: id('attachment_id'),
          ticketId: id('ticket_id'),
          isInternal: 0,
          filename: 'f',
          size: 1,
          mimeType: 'text/plain',
          sha256: '0'.repeat(64),
          createdAt: 1,
        },
        sets,
      ),
  ],
  user_id: [member('user_id', 'person')],
  key_id: [
    member('key_id', 'key'),
    (account, _, sets) =>
      insertSelect(
        apiKeys,
        { accountId: account.id, id: id('key_id'), lastFour: 'abcd', hash: '', createdAt: 1 },
        sets,
      ),
  ],
  webhook_id: [
    (account, _, sets) =>
      insertSelect(
        webhooks,
        {
          accountId: account.id,
          id: id('webhook_id'),
          url: sql`'https://example.com/' || ${id('webhook_id')}`,
          events: '["*"]',
          includeInternal: 0,
          active: 1,
          secret: '',
          createdAt: 1,
          sinceSequence: 0,
        },
        sets,
      ),
  ],
  delivery_id: [
    (account, first, sets) =>
      insertSelect(
        deliveries,
        {
          accountId: account.id,
          webhookId: id('webhook_id'),
          sequence: sql`key + ${first}`,
          id: id('delivery_id'),
          eventId: 'evt',
          event: 'ticket.created',
          createdAt: 1,
          completedAt: 1,
        },
        sets,
      ),
  ],
}

/** IDs that do not exist any more after `deleteSeeded`. */
export const DELETABLE: PathIdName[] = ['ticket_id', 'comment_id', 'attachment_id', 'webhook_id', 'delivery_id']

let seeded = 1_000

/** One row of each kind per author: a ticket of the account's customer, and the author's comment on it. */
export async function seedIds(account: Account, authors: string[]): Promise<PathIds[]> {
  const sets = authors.map(missingIds)
  const first = seeded
  seeded += authors.length
  const all = JSON.stringify(sets.map((set, index) => ({ ...set, author: authors[index] })))
  const seeds = Object.values(SEEDS).flat()
  await env.DB.batch(seeds.map((seed) => prepare(seed(account, first, sql`FROM json_each(${all})`))))
  return sets
}

export async function deleteSeeded(account: Account, { ticket_id, webhook_id }: PathIds): Promise<void> {
  await env.DB.batch([
    ...[comments, attachments].map((table) =>
      prepare(deleteFrom(table, sql`${table.accountId} = ${account.id} AND ${table.ticketId} = ${ticket_id}`)),
    ),
    prepare(deleteFrom(tickets, sql`${tickets.accountId} = ${account.id} AND ${tickets.id} = ${ticket_id}`)),
    prepare(
      update(
        webhooks,
        { active: 0, deletedAt: 1 },
        sql`${webhooks.accountId} = ${account.id} AND ${webhooks.id} = ${webhook_id}`,
      ),
    ),
  ])
}

function member(name: PathIdName, kind: 'person' | 'key'): Seed {
  return (account, _, sets) =>
    insertSelect(
      users,
      {
        accountId: account.id,
        id: id(name),
        kind,
        name: 'N',
        email: sql`${id(name)} || '@example.com'`,
        emailNormalized: sql`${id(name)} || '@example.com'`,
        role: 'customer',
        status: 'active',
        tokenVersion: 1,
        createdAt: 1,
      },
      sets,
    )
}
