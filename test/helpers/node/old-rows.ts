import { getTableColumns } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { ACCOUNTS, ATTACHMENT, COMMENTS, PASSWORD, TICKETS, USERS } from '../../../scripts/demo/data.ts'
import { accounts, users } from '../../../src/db/schema/accounts.ts'
import { attachments, comments, tickets } from '../../../src/db/schema/tickets.ts'
import { hashPassword } from '../../../src/lib/passwords.ts'

/** Rows that every version can store, parents first. */

export type Row = Record<string, string | number | null>

const AT = Date.parse('2025-05-04T16:05:00Z')
const ACME = 'acct_acme'
const KEY = 'key_old'
const WEBHOOK = 'webhook_old'
const PASSWORD_HASH = await hashPassword(PASSWORD)

const keyMember: Row = {
  account_id: ACME,
  id: KEY,
  kind: 'key',
  name: 'CRM sync',
  email: `${KEY}@keys.invalid`,
  email_key: `${KEY}@keys.invalid`,
  role: 'agent',
  status: 'active',
  password_hash: null,
  credential_generation: 1,
  created_at: AT,
  last_login_at: null,
}

const event = (sequence: number, type: string, ticketId: string): Row => ({
  account_id: ACME,
  sequence,
  id: `evt_old${sequence}`,
  type,
  ticket_id: ticketId,
  is_internal: sequence % 2,
  data: JSON.stringify({ ticket: { id: ticketId, title: 'Über é😀' } }),
  created_at: AT + sequence,
  fanned_out_at: null,
})

/** A row by the names that its columns have in the database. */
function stored(table: SQLiteTable, row: Row): Row {
  const columns = getTableColumns(table)
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [columns[key]?.name ?? key, value]))
}

/** Other tables get a row generated from their columns. */
export const OLD_ROWS: ReadonlyMap<string, readonly Row[]> = new Map(
  Object.entries({
    accounts: ACCOUNTS.map((row) => stored(accounts, row)),
    account_state: [
      { account_id: ACME, ticket_number: 2, event_sequence: 3 },
      { account_id: 'acct_globex', ticket_number: 0, event_sequence: 0 },
    ],
    users: [...USERS.map((user) => stored(users, { ...user, passwordHash: PASSWORD_HASH })), keyMember],
    logins: USERS.map(({ accountId, id, emailNormalized }) => ({
      email_key: emailNormalized,
      account_id: accountId,
      user_id: id,
    })),
    tickets: TICKETS.map((row) => stored(tickets, row)),
    comments: COMMENTS.map((row) => stored(comments, row)),
    attachments: [
      stored(attachments, { ...ATTACHMENT, size: 258_940, sha256: 'ab'.repeat(32) }),
      {
        ...stored(attachments, ATTACHMENT),
        id: 'attach_internal',
        comment_id: 'comment124',
        is_internal: 1,
        size: 12,
        sha256: 'cd'.repeat(32),
      },
    ],
    ticket_history: ['status', 'tags'].map((field, index) => ({
      account_id: ACME,
      ticket_id: 'ticket123',
      change_id: `change_${index}`,
      actor_id: 'agent789',
      field,
      previous: '"open"',
      current: '"closed"',
      created_at: AT + index,
      part_seq: null,
    })),
    events: [
      event(1, 'ticket.created', 'ticket123'),
      event(2, 'ticket.updated', 'ticket123'),
      event(3, 'comment.created', 'ticket124'),
    ],
    object_intents: [
      { account_id: ACME, id: 'attach_left', kind: 'upload', created_at: AT },
      { account_id: ACME, id: 'attach_gone', kind: 'delete', created_at: AT },
    ],
    api_keys: [
      { account_id: ACME, id: KEY, last_four: '9f3a', hash: 'ef'.repeat(32), created_at: AT, revoked_at: null },
    ],
    key_directory: [{ key_id: KEY, account_id: ACME }],
    login_unlocks: [{ email_key: 'user@example.com', unlocked_at: AT }],
    revoked_tokens: [
      { account_id: ACME, user_id: 'user123', token_id: 'jti_old', revoked_at: AT, expires_at: AT + 86_400_000 },
    ],
    app_secrets: [{ name: 'a1b2', known_since: AT }],
    webhooks: [
      {
        account_id: ACME,
        id: WEBHOOK,
        url: 'https://hooks.example.com/old',
        events: '["*"]',
        include_internal: 0,
        active: 1,
        secret: 'a1b2.sealed',
        created_at: AT,
        since_sequence: 0,
      },
    ],
    deliveries: [
      {
        account_id: ACME,
        webhook_id: WEBHOOK,
        sequence: 1,
        id: 'dlv_1',
        event_id: 'evt_old1',
        event: 'ticket.created',
        created_at: AT,
        attempts: 1,
        outcome: 'succeeded',
        settled_at: AT,
      },
      {
        account_id: ACME,
        webhook_id: WEBHOOK,
        sequence: 2,
        id: 'dlv_2',
        event_id: 'evt_old2',
        event: 'ticket.updated',
        created_at: AT,
        attempts: 0,
        retry_at: AT,
      },
    ],
    delivery_attempts: [
      {
        account_id: ACME,
        delivery_id: 'dlv_1',
        number: 1,
        at: AT,
        trigger: 'scheduled',
        status_code: 204,
        duration_ms: 3,
        response: '',
      },
    ],
    replays: [
      {
        account_id: ACME,
        webhook_id: WEBHOOK,
        next_sequence: 1,
        last_sequence: 3,
        since: AT,
        until: AT + 9,
        only_failed: 0,
      },
    ],
    idempotency_records: [
      {
        account_id: ACME,
        caller_id: 'user123',
        key_hash: '12'.repeat(32),
        request_hash: '34'.repeat(32),
        rows: '[[{"id":"ticket123"}]]',
        created_at: AT,
      },
    ],
  }),
)
