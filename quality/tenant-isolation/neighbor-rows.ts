import type { Account } from '../../test/helpers/api'
import type { World } from './fixture'
import { KEPT, type Row, type Rows } from './tables'

const DAY = 86_400_000
/** Stands in every text of the twin, and must stand in no answer. */
export const MARK = 'TWINNED'
/** Stands before every other account, so that it is met first by whoever forgets to name one. */
export const TWIN = 'acct_00twin'

/** The hash of all API keys of the twin. */
export const TWIN_HASH = 'f'.repeat(64)
/** What the account of a limit's deed may have on the standard plan. */
export const LIVE_KEYS = 20
export const LIVE_WEBHOOKS = 10
const DELIVERIES_A_TURN = 20

const TEXTS = new Set(['title', 'description', 'content', 'name', 'filename', 'response', 'error', 'url', 'last_error'])

/**
 * Rows of another account with the same IDs: another text in each, and whatever else would show if it were taken for the
 * first account's. Nothing of it is due, expired or ended, so that work on all accounts leaves it alone.
 */
export function twinOf({ account, things }: World, found: Rows, now: number): Rows {
  const differs: Record<string, (row: Row) => Row> = {
    accounts: () => ({ id: TWIN, slug: '00-twin', plan: 'premium' }),
    account_state: (row) => ({
      ticket_number: Number(row.ticket_number) + 500,
      event_sequence: Number(row.event_sequence) + 500,
      stored_bytes: 5_000_000_000,
      last_write_at: now + DAY,
      listeners: 7,
      fanned_out_sequence: 0,
      pace_minute: Math.floor(now / 60_000),
      pace_sent: 500,
    }),
    // One of them with other e-mail addresses, the others with other generations; API keys with a lower role.
    users: ({ id, kind, role, email_key, credential_generation }) => ({
      role: kind === 'key' ? 'customer' : (role ?? null),
      ...(id === things.other.id
        ? { email_key: `twin-${email_key}` }
        : { credential_generation: Number(credential_generation) + 5 }),
      last_login_at: 5,
    }),
    api_keys: () => ({ revoked_at: null, expires_at: null, last_used_at: 5, hash: TWIN_HASH }),
    revoked_tokens: () => ({ expires_at: now + 900 * DAY }),
    idempotency_records: () => ({ created_at: now, request_hash: MARK }),
    tickets: (row) => ({
      version: Number(row.version) + 5,
      // One has tags that the account's has not, and else what its row of tags would hold.
      ...(row.tags === '[]'
        ? { tags: JSON.stringify(['red', 'blue']) }
        : { status: row.status === 'closed' ? 'open' : 'closed' }),
      public_attachments: 500,
      internal_attachments: 0,
      updated_at: now + DAY,
    }),
    comments: () => ({ created_at: now + 2 * DAY }),
    attachments: () => ({ created_at: now + 2 * DAY, size: 7, sha256: MARK }),
    object_intents: ({ id }) => ({ kind: id === 'attach_gone' ? 'upload' : 'delete', created_at: now }),
    webhooks: () => ({ active: 1, deleted_at: null, next_at: null, lease_id: 'another', lease_until: now + DAY }),
    deliveries: ({ outcome }) => ({
      settled_at: null,
      retry_at: now - 1_000,
      outcome: outcome === 'succeeded' ? 'failed' : 'succeeded',
      attempts: 5,
    }),
    events: ({ data }) => ({ data: String(data).replaceAll('"title":"', `"title":"${MARK}`), created_at: now }),
  }
  const twin = (table: string, row: Row): Row => ({
    ...Object.fromEntries(
      Object.entries(row).map(([column, value]) => [column, TEXTS.has(column) ? `${value ?? ''}${MARK}` : value]),
    ),
    ...differs[table]?.(row),
    ...(table !== 'accounts' && { account_id: TWIN }),
  })
  const twins: Rows = Object.fromEntries(
    Object.entries(found)
      .filter(([table]) => !KEPT.has(table) && table !== 'key_directory')
      .map(([table, own]) => [table, own.map((row) => twin(table, row))]),
  )
  const later = (found.tickets ?? []).slice(0, 6).map((row, index) => ({
    ...twin('tickets', row),
    id: `ticket_later${index}`,
    number: 9_000 + index,
    status: row.status ?? null,
    created_at: now + 2 * DAY,
  }))
  return crowded(account, now, { ...twins, tickets: [...(twins.tickets ?? []), ...later] })
}

/**
 * More keys and webhooks than the first account may have, and deliveries than a turn sends; uploads under way; an end for
 * all of its tokens.
 */
function crowded({ admin, agent, customer, stranger }: Account, now: number, twin: Rows): Rows {
  const copies = (row: Row | undefined, count: number, differs: (index: number) => Row) =>
    row ? Array.from({ length: count }, (_, index) => ({ ...row, ...differs(index) })) : []
  const [key] = twin.api_keys ?? []
  const member = twin.users?.find(({ id }) => id === key?.id)
  const [webhook] = twin.webhooks ?? []
  const named = (index: number) => ({ id: `key_more${index}`, email: `more${index}`, email_key: `more${index}` })
  const overdue = (twin.webhooks ?? []).flatMap(({ id = null }) =>
    copies(twin.deliveries?.[0], DELIVERIES_A_TURN, (index) => ({
      id: `dlv_${id}${index}`,
      webhook_id: id,
      sequence: 5_000 + index,
      retry_at: 1,
    })),
  )
  const uploads = (twin.attachments ?? []).map(({ id = null }) => ({
    account_id: TWIN,
    id,
    kind: 'upload',
    created_at: now,
  }))
  const ended = [admin, agent, customer, stranger].map(({ id, token }) => ({
    account_id: TWIN,
    user_id: id,
    token_id: tokenId(token),
    revoked_at: now,
    expires_at: now + 900 * DAY,
  }))
  return {
    ...twin,
    deliveries: [...(twin.deliveries ?? []), ...overdue],
    object_intents: [...(twin.object_intents ?? []), ...uploads],
    revoked_tokens: [...(twin.revoked_tokens ?? []), ...ended],
    users: [...(twin.users ?? []), ...copies(member, LIVE_KEYS, named)],
    api_keys: [...(twin.api_keys ?? []), ...copies(key, LIVE_KEYS, (index) => ({ id: `key_more${index}` }))],
    webhooks: [
      ...(twin.webhooks ?? []),
      ...copies(webhook, LIVE_WEBHOOKS, (index) => ({
        id: `webhook_more${index}`,
        url: `https://more${index}.example.com`,
      })),
    ],
  }
}

function tokenId(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti
}
