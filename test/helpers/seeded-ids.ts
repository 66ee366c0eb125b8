import { env } from 'cloudflare:workers'
import type { Account } from './api'
import { missingIds, type PathIdName, type PathIds } from './path-ids'

type Seed = [into: string, select: (account: Account, first: number) => string]

const id = (name: PathIdName | 'author') => `(value ->> '${name}')`

/** Inserts rows by SQL, so that no rate limit or quota applies. */
const SEEDS: Record<PathIdName, Seed[]> = {
  ticket_id: [
    [
      'tickets (account_id, id, number, version, title, description, status, priority, created_by, tags, custom_fields, created_at, updated_at)',
      ({ customer }, first) =>
        `${id('ticket_id')}, key + ${first}, 1, 'T', 'D', 'open', 'low', '${customer.id}', '[]', '{}', 1, 1`,
    ],
  ],
  comment_id: [
    [
      'comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)',
      () => `${id('comment_id')}, ${id('ticket_id')}, ${id('author')}, 'C', 0, 1`,
    ],
  ],
  attachment_id: [
    [
      'attachments (account_id, id, ticket_id, is_internal, filename, size, mime_type, sha256, created_at)',
      () => `${id('attachment_id')}, ${id('ticket_id')}, 0, 'f', 1, 'text/plain', '${'0'.repeat(64)}', 1`,
    ],
  ],
  user_id: [member('user_id', 'person')],
  key_id: [
    member('key_id', 'key'),
    ['api_keys (account_id, id, last_four, hash, created_at)', () => `${id('key_id')}, 'abcd', '', 1`],
  ],
  webhook_id: [
    [
      'webhooks (account_id, id, url, events, include_internal, active, secret, created_at, since_sequence)',
      () => `${id('webhook_id')}, 'https://example.com/' || ${id('webhook_id')}, '["*"]', 0, 1, '', 1, 0`,
    ],
  ],
  delivery_id: [
    [
      'deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, settled_at)',
      (_, first) => `${id('webhook_id')}, key + ${first}, ${id('delivery_id')}, 'evt', 'ticket.created', 1, 1`,
    ],
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
  const inserts = Object.values(SEEDS).flat()
  await env.DB.batch(
    inserts.map(([into, select]) =>
      env.DB.prepare(`INSERT INTO ${into} SELECT ?1, ${select(account, first)} FROM json_each(?2)`).bind(
        account.id,
        all,
      ),
    ),
  )
  return sets
}

export async function deleteSeeded(account: Account, { ticket_id, webhook_id }: PathIds): Promise<void> {
  await env.DB.batch([
    ...['comments', 'attachments'].map((table) =>
      env.DB.prepare(`DELETE FROM ${table} WHERE account_id = ? AND ticket_id = ?`).bind(account.id, ticket_id),
    ),
    env.DB.prepare('DELETE FROM tickets WHERE account_id = ? AND id = ?').bind(account.id, ticket_id),
    env.DB.prepare('UPDATE webhooks SET active = 0, deleted_at = 1 WHERE account_id = ? AND id = ?').bind(
      account.id,
      webhook_id,
    ),
  ])
}

function member(name: PathIdName, kind: 'person' | 'key'): Seed {
  return [
    'users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)',
    () =>
      `${id(name)}, '${kind}', 'N', ${id(name)} || '@example.com', ${id(name)} || '@example.com', 'customer', 'active', 1, 1`,
  ]
}
