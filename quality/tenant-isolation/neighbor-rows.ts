import {
  type accountCounters,
  type accounts,
  type apiKeys,
  type idempotencyRecords,
  type revokedTokens,
  users,
} from '../../src/db/schema/accounts'
import { attachments, comments, type erasures, type objectIntents, tickets } from '../../src/db/schema/tickets'
import { deliveries, deliveryAttempts, type events, webhooks } from '../../src/db/schema/webhooks'
import { searchKey } from '../../src/db/search-text'
import type { Account } from '../../test/helpers/api'
import type { Fixture } from './fixture'
import { type Row, type Rows, type StoredRow, TRIGGER_TABLES } from './tables'

const DAY = 86_400_000
/** Part of every text of the neighbor; no response may contain it. */
export const NEIGHBOR_MARK = 'NEIGHBORED'
/** Sorts before every other account, so that a statement without an account condition finds it first. */
export const NEIGHBOR_ID = 'acct_00neighbor'

/** Higher than those of other tickets, which are unique over all accounts. */
const FIRST_SEARCH_ID = 2 ** 52

export const NEIGHBOR_KEY_HASH = 'f'.repeat(64)
/** The limits of the standard plan. */
export const KEY_LIMIT = 20
export const WEBHOOK_LIMIT = 10
const DELIVERIES_PER_BATCH = 20

const TEXTS = new Set(
  [
    ...[tickets.title, tickets.description, comments.content, users.name, attachments.filename],
    ...[deliveryAttempts.response, deliveryAttempts.error, deliveries.lastError, webhooks.url],
  ].map(({ name }) => name),
)

type Changed =
  | typeof accounts
  | typeof accountCounters
  | typeof users
  | typeof apiKeys
  | typeof revokedTokens
  | typeof idempotencyRecords
  | typeof tickets
  | typeof comments
  | typeof attachments
  | typeof objectIntents
  | typeof erasures
  | typeof webhooks
  | typeof deliveries
  | typeof events

/** The same tokens, in the neighbor's part of the search index. */
function withNeighborKey(tokens: string | null): string | null {
  const key = searchKey(NEIGHBOR_ID)
  return tokens === null ? null : `${key}${tokens.slice(key.length)}`
}

/** What the neighbor's rows have instead, by table. */
type Differences = { [T in Changed as T['_']['name']]: (row: StoredRow<T>) => Partial<StoredRow<T>> }

/**
 * Rows of another account with the same IDs, and different values wherever a mix-up would otherwise go unnoticed. None
 * of them is due, expired or revoked, so that background work on all accounts leaves them alone.
 */
export function neighborRows({ account, resources }: Fixture, found: Rows, now: number): Rows {
  const differences = {
    accounts: () => ({ id: NEIGHBOR_ID, slug: '00-neighbor', plan: 'premium' }),
    account_state: (row) => ({
      ticket_number: row.ticket_number + 500,
      event_sequence: row.event_sequence + 500,
      stored_bytes: 5_000_000_000,
      last_write_at: now + DAY,
      listeners: 7,
      fanned_out_sequence: 0,
      pace_minute: Math.floor(now / 60_000),
      pace_sent: 500,
    }),
    // One user has another email address, the others another token version; API keys have a lower role.
    users: ({ id, kind, role, email_key, credential_generation }) => ({
      role: kind === 'key' ? 'customer' : role,
      ...(id === resources.other.id
        ? { email_key: `neighbor-${email_key}` }
        : { credential_generation: credential_generation + 5 }),
      last_login_at: 5,
    }),
    api_keys: () => ({ revoked_at: null, expires_at: null, last_used_at: 5, hash: NEIGHBOR_KEY_HASH }),
    erasures: () => ({ due_at: now + 900 * DAY }),
    revoked_tokens: () => ({ expires_at: now + 900 * DAY }),
    idempotency_records: () => ({ created_at: now, request_hash: NEIGHBOR_MARK }),
    tickets: (row) => ({
      version: row.version + 5,
      // One ticket has other tags, the others another status.
      ...(row.tags === '[]'
        ? { tags: JSON.stringify(['red', 'blue']) }
        : { status: row.status === 'closed' ? 'open' : 'closed' }),
      public_attachments: 500,
      internal_attachments: 0,
      updated_at: now + DAY,
      title_tokens: withNeighborKey(row.title_tokens),
      description_tokens: withNeighborKey(row.description_tokens),
    }),
    comments: () => ({ created_at: now + 2 * DAY }),
    attachments: () => ({ created_at: now + 2 * DAY, size: 7, sha256: NEIGHBOR_MARK }),
    object_intents: ({ id }) => ({ kind: id === 'attach_gone' ? 'upload' : 'delete', created_at: now }),
    webhooks: () => ({ active: 1, deleted_at: null, next_at: null, lease_id: 'another', lease_until: now + DAY }),
    deliveries: ({ outcome }) => ({
      settled_at: null,
      retry_at: now - 1_000,
      outcome: outcome === 'succeeded' ? 'failed' : 'succeeded',
      attempts: 5,
    }),
    events: ({ data }) => ({
      data: data.replaceAll('"title":"', `"title":"${NEIGHBOR_MARK}`),
      created_at: now,
    }),
  } satisfies Differences
  const change: Record<string, ((row: Row) => Row) | undefined> = differences as never
  const neighborRow = (table: string, row: Row): Row => ({
    ...Object.fromEntries(
      Object.entries(row).map(([column, value]) => [
        column,
        TEXTS.has(column) ? `${value ?? ''}${NEIGHBOR_MARK}` : value,
      ]),
    ),
    ...change[table]?.(row),
    ...(table !== 'accounts' && { account_id: NEIGHBOR_ID }),
  })
  const neighbor: Rows = Object.fromEntries(
    Object.entries(found)
      .filter(([table]) => !TRIGGER_TABLES.has(table) && table !== 'key_directory')
      .map(([table, rows]) => [table, rows.map((row) => neighborRow(table, row))]),
  )
  const later = (found.tickets ?? []).slice(0, 6).map((row, index) => ({
    ...neighborRow('tickets', row),
    id: `ticket_later${index}`,
    number: 9_000 + index,
    status: row.status ?? null,
    created_at: now + 2 * DAY,
  }))
  const neighborTickets = [...(neighbor.tickets ?? []), ...later].map((row, index) => ({
    ...row,
    search_id: FIRST_SEARCH_ID + index,
  }))
  return withMoreRows(account, now, { ...neighbor, tickets: neighborTickets })
}

/**
 * Adds more keys and webhooks than the account may have, more deliveries than a batch sends, pending uploads, and a
 * revocation of each of the account's tokens.
 */
function withMoreRows({ admin, agent, customer, stranger }: Account, now: number, neighborRow: Rows): Rows {
  const copies = (row: Row | undefined, count: number, differences: (index: number) => Row) =>
    row ? Array.from({ length: count }, (_, index) => ({ ...row, ...differences(index) })) : []
  const [key] = neighborRow.api_keys ?? []
  const member = neighborRow.users?.find(({ id }) => id === key?.id)
  const [webhook] = neighborRow.webhooks ?? []
  const keyUser = (index: number) =>
    ({ id: `key_more${index}`, email: `more${index}`, email_key: `more${index}` }) satisfies Partial<
      StoredRow<typeof users>
    >
  const overdue = (neighborRow.webhooks ?? []).flatMap(({ id = null }) =>
    copies(neighborRow.deliveries?.[0], DELIVERIES_PER_BATCH, (index) => ({
      id: `dlv_${id}${index}`,
      webhook_id: id,
      sequence: 5_000 + index,
      retry_at: 1,
    })),
  )
  const uploads = (neighborRow.attachments ?? []).map(({ id }) => ({
    account_id: NEIGHBOR_ID,
    id: String(id),
    kind: 'upload',
    created_at: now,
  })) satisfies StoredRow<typeof objectIntents>[]
  const revocations = [admin, agent, customer, stranger].map(({ id, token }) => ({
    account_id: NEIGHBOR_ID,
    user_id: id,
    token_id: tokenId(token),
    revoked_at: now,
    expires_at: now + 900 * DAY,
  })) satisfies StoredRow<typeof revokedTokens>[]
  return {
    ...neighborRow,
    deliveries: [...(neighborRow.deliveries ?? []), ...overdue],
    object_intents: [...(neighborRow.object_intents ?? []), ...uploads],
    revoked_tokens: [...(neighborRow.revoked_tokens ?? []), ...revocations],
    users: [...(neighborRow.users ?? []), ...copies(member, KEY_LIMIT, keyUser)],
    api_keys: [...(neighborRow.api_keys ?? []), ...copies(key, KEY_LIMIT, (index) => ({ id: `key_more${index}` }))],
    webhooks: [
      ...(neighborRow.webhooks ?? []),
      ...copies(webhook, WEBHOOK_LIMIT, (index) => ({
        id: `webhook_more${index}`,
        url: `https://more${index}.example.com`,
      })),
    ],
  }
}

function tokenId(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti
}
