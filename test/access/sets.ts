import { env } from 'cloudflare:workers'
import { newId } from '../../src/lib/ids'
import type { Account } from '../helpers/api'

/** One thing of each kind, by the placeholders of paths. */
export interface ThingSet {
  ticket_id: string
  comment_id: string
  attachment_id: string
  user_id: string
  key_id: string
  webhook_id: string
  delivery_id: string
}

/** IDs of nothing. */
export function nothing(): ThingSet {
  const now = Date.now()
  return {
    ticket_id: newId('ticket', now),
    comment_id: newId('comment', now),
    attachment_id: newId('attach', now),
    user_id: newId('user', now),
    key_id: newId('key', now),
    webhook_id: newId('webhook', now),
    delivery_id: newId('dlv', now),
  }
}

let seeded = 1_000

/** Things of an account by SQL, one set for each author: a ticket of the account's customer, the author's comment on it. */
export async function seedSets(account: Account, authors: string[]): Promise<ThingSet[]> {
  const sets = authors.map(nothing)
  const first = seeded
  seeded += authors.length
  const all = JSON.stringify(sets.map((set, index) => ({ ...set, author: authors[index] })))
  const fill = (into: string, select: string) =>
    env.DB.prepare(`INSERT INTO ${into} SELECT ?1, ${select} FROM json_each(?2)`).bind(account.id, all)
  const id = (name: string) => `(value ->> '${name}')`
  await env.DB.batch([
    fill(
      'tickets (account_id, id, number, version, title, description, status, priority, created_by, tags, custom_fields, created_at, updated_at)',
      `${id('ticket_id')}, key + ${first}, 1, 'T', 'D', 'open', 'low', '${account.customer.id}', '[]', '{}', 1, 1`,
    ),
    fill(
      'comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)',
      `${id('comment_id')}, ${id('ticket_id')}, ${id('author')}, 'C', 0, 1`,
    ),
    fill(
      'attachments (account_id, id, ticket_id, is_internal, filename, size, mime_type, sha256, created_at)',
      `${id('attachment_id')}, ${id('ticket_id')}, 0, 'f', 1, 'text/plain', '${'0'.repeat(64)}', 1`,
    ),
    ...['user', 'key'].map((kind) =>
      fill(
        'users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)',
        `${id(`${kind}_id`)}, '${kind === 'user' ? 'person' : 'key'}', 'N', ${id(`${kind}_id`)} || '@example.com', ${id(`${kind}_id`)} || '@example.com', 'customer', 'active', 1, 1`,
      ),
    ),
    fill('api_keys (account_id, id, last_four, hash, created_at)', `${id('key_id')}, 'abcd', '', 1`),
    fill(
      'webhooks (account_id, id, url, events, include_internal, active, secret, created_at, since_sequence)',
      `${id('webhook_id')}, 'https://example.com/' || ${id('webhook_id')}, '["*"]', 0, 1, '', 1, 0`,
    ),
    fill(
      'deliveries (account_id, webhook_id, sequence, id, event_id, event, created_at, settled_at)',
      `${id('webhook_id')}, key + ${first}, ${id('delivery_id')}, 'evt', 'ticket.created', 1, 1`,
    ),
  ])
  return sets
}

/** Takes away what of a set can be deleted: its ticket with all of it, its webhook. */
export async function deleteSet(account: Account, set: ThingSet): Promise<void> {
  await env.DB.batch([
    ...['comments', 'attachments'].map((table) =>
      env.DB.prepare(`DELETE FROM ${table} WHERE account_id = ? AND ticket_id = ?`).bind(account.id, set.ticket_id),
    ),
    env.DB.prepare('DELETE FROM tickets WHERE account_id = ? AND id = ?').bind(account.id, set.ticket_id),
    env.DB.prepare('UPDATE webhooks SET active = 0, deleted_at = 1 WHERE account_id = ? AND id = ?').bind(
      account.id,
      set.webhook_id,
    ),
  ])
}
