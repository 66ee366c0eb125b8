import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import {
  type Account,
  call,
  createTestAccount,
  createTestMember,
  createTestToken,
  createTicket,
} from '../../test/helpers/api'
import { createTestKey, type Key } from '../../test/helpers/credentials'
import type { PathIds } from '../../test/helpers/path-ids'
import { ask, commented, patched } from '../../test/helpers/tickets'
import { cheapHash } from '../../test/helpers/users'
import {
  createTestWebhook,
  deliver,
  deliveriesOf,
  type Hook,
  receive,
  silenceQueue,
  silenceSweeper,
} from '../../test/helpers/webhooks'
import { dump, ofAccount, type Rows, readTables } from './tables'

const DAY = 86_400_000
export const PASSWORD = 'the password of all twins'
const file = (filename: string) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })

export interface World {
  tables: Awaited<ReturnType<typeof readTables>>
  account: Account
  things: Awaited<ReturnType<typeof makeThings>>
  /** The account with something in every table, and the same account while it has its people alone. */
  rich: Rows
  poor: Rows
}

/** Makes an account that has something in every table. The clock stands still, a quarter of an hour later. */
export async function makeWorld(): Promise<World> {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.floor(Date.now() / 60_000) * 60_000 + 30_000)
  silenceQueue()
  silenceSweeper()
  const account = await createTestAccount('standard')
  const things = await makeThings(account)
  vi.setSystemTime(Date.now() + 15 * 60_000)
  const tables = await readTables()
  const rich = ofAccount(tables, await dump(tables), account.id)
  return { tables, account, things, rich, poor: withoutThings(account, rich) }
}

async function makeThings(account: Account) {
  const { admin, agent, customer, stranger } = account
  const hash = cheapHash(PASSWORD)
  const gone = await createTestMember(account.id, 'agent', { status: 'inactive' })
  const other = await createTestMember(account.id, 'admin', { name: 'Other' })
  await env.DB.batch([
    env.DB.prepare('UPDATE users SET password_hash = ? WHERE account_id = ?').bind(hash, account.id),
    env.DB.prepare('UPDATE accounts SET allow_registration = 1 WHERE id = ?').bind(account.id),
  ])
  const [hook, deaf, ended] = [
    await createTestWebhook(account),
    await createTestWebhook(account),
    await createTestWebhook(account),
  ]
  const idle = await createTestWebhook(account)
  const ticket = await createTicket(customer, { tags: ['red'], priority: 'high', attachments: [file('a.txt')] })
  const second = await createTicket(admin, { tags: ['blue'] })
  await createTicket(customer, { description: 'A printer' })
  await patched(agent, ticket.id, { title: 'Printer jam', assigned_to: agent.id })
  await patched(agent, second.id, { status: 'closed' })
  const open = await commented(agent, ticket.id, { attachments: [file('b.txt')] })
  const internal = await commented(agent, ticket.id, { is_internal: true, attachments: [file('c.txt')] })
  const own = await commented(customer, ticket.id)
  receive(({ url }) => new Response(null, { status: url === deaf.url ? 500 : 204 }))
  await deliver(account)
  vi.mocked(globalThis.fetch).mockRestore()
  const deliveries = await deliveriesOf(account, hook)
  const failing = await deliveriesOf(account, deaf)
  const resting = await deliveriesOf(account, idle)
  await ask(admin, 'DELETE', `webhooks/${ended.id}`)
  await ask(admin, 'PATCH', `webhooks/${idle.id}`, { active: false })
  const keys: [Key, Key] = [await createTestKey(account), await createTestKey(account)]
  await ask(admin, 'DELETE', `api-keys/${keys[1].id}`)
  await patched(agent, ticket.id, { priority: 'critical' })
  await call('POST', 'auth/logout', { token: await createTestToken(account.id, stranger.id, 'customer') })
  await call('POST', `tickets/${ticket.id}/comments`, {
    token: customer.token,
    headers: { 'Idempotency-Key': 'kept' },
    body: { content: 'Said once' },
  })
  const sent = await ask(admin, 'POST', `webhooks/${hook.id}/replay`, { since: '2020-01-01' })
  if (sent.status !== 202) throw new Error(sent.text)
  const old = Date.now() - 10 * DAY
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO object_intents (account_id, id, kind, created_at) VALUES (?, 'attach_gone', 'delete', ?)`,
    ).bind(account.id, old),
    env.DB.prepare(
      `INSERT INTO object_intents (account_id, id, kind, created_at) VALUES (?, 'attach_lost', 'upload', ?)`,
    ).bind(account.id, old),
    env.DB.prepare(
      `INSERT INTO revoked_tokens (account_id, user_id, token_id, revoked_at, expires_at) VALUES (?, ?, 'old', ?, ?)`,
    ).bind(account.id, admin.id, old, old),
    env.DB.prepare(
      `INSERT INTO idempotency_records (account_id, caller_id, key_hash, request_hash, rows, created_at)
      SELECT account_id, caller_id, 'old', request_hash, rows, ? FROM idempotency_records WHERE account_id = ?`,
    ).bind(old, account.id),
    env.DB.prepare(`UPDATE deliveries SET settled_at = ? WHERE account_id = ? AND id = ?`).bind(
      old,
      account.id,
      deliveries[0].id,
    ),
  ])
  const files = { ticket: ticket.attachments[0], open: open.attachments[0], internal: internal.attachments[0] }
  return {
    gone,
    other,
    hook,
    deaf,
    idle,
    ended,
    ticket,
    second,
    open,
    internal,
    own,
    files,
    keys,
    delivery: deliveries.at(-1),
    failing: failing[0],
    resting: resting[0],
    swept: deliveries[0],
  } as const
}

export type { Hook }

/** What the world has, by the parameter of a path. */
export function pathIdsOf({ account, things }: World): PathIds {
  return {
    ticket_id: things.ticket.id,
    comment_id: things.open.id,
    attachment_id: things.files.ticket.id,
    user_id: account.customer.id,
    key_id: things.keys[0].id,
    webhook_id: things.hook.id,
    delivery_id: things.delivery.id,
  }
}

/** The account with its people and their counters alone. */
function withoutThings({ admin, agent, customer }: Account, rich: Rows): Rows {
  const people = new Set([admin.id, agent.id, customer.id])
  const emails = new Set([admin.email, agent.email, customer.email])
  return {
    accounts: rich.accounts ?? [],
    account_state: (rich.account_state ?? []).map((row) => ({
      ...Object.fromEntries(Object.keys(row).map((column) => [column, 0])),
      account_id: row.account_id ?? null,
    })),
    users: (rich.users ?? []).filter((row) => people.has(String(row.id))),
    logins: (rich.logins ?? []).filter((row) => emails.has(String(row.email_key))),
  }
}
