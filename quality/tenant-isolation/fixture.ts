import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { accounts, idempotencyRecords, revokedTokens, users } from '../../src/db/schema/accounts'
import { erasures, objectIntents } from '../../src/db/schema/tickets'
import { deliveries as deliveriesTable } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { insertSelect, update } from '../../src/db/write'
import {
  type Account,
  call,
  createTestAccount,
  createTestMember,
  createTestToken,
  createTicket,
} from '../../test/helpers/api'
import { createTestKey, type Key } from '../../test/helpers/credentials'
import { prepare } from '../../test/helpers/database'
import type { PathIds } from '../../test/helpers/path-ids'
import { callAs, createComment, patchTicket } from '../../test/helpers/tickets'
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
import { type Rows, readRows, readTables, rowsOfAccount } from './tables'

const DAY = 86_400_000
export const PASSWORD = 'the password of all users'
const file = (filename: string) => ({ filename, content: 'YWJj', mime_type: 'text/plain' })

export interface Fixture {
  tables: Awaited<ReturnType<typeof readTables>>
  account: Account
  resources: Awaited<ReturnType<typeof createResources>>
  /** `rich` has a row in every table; `poor` is the same account with only its users. */
  rich: Rows
  poor: Rows
}

/** Creates an account with a row in every table, and stops the clock 15 minutes later. */
export async function createFixture(): Promise<Fixture> {
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(Math.floor(Date.now() / 60_000) * 60_000 + 30_000)
  silenceQueue()
  silenceSweeper()
  const account = await createTestAccount('standard')
  const resources = await createResources(account)
  vi.setSystemTime(Date.now() + 15 * 60_000)
  const tables = await readTables()
  const rich = rowsOfAccount(tables, await readRows(tables), account.id)
  return { tables, account, resources, rich, poor: withoutResources(account, rich) }
}

async function createResources(account: Account) {
  const { admin, agent, customer, stranger } = account
  const hash = cheapHash(PASSWORD)
  const inactive = await createTestMember(account.id, 'agent', { status: 'inactive' })
  const other = await createTestMember(account.id, 'admin', { name: 'Other' })
  await env.DB.batch([
    prepare(update(users, { passwordHash: hash }, sql`${users.accountId} = ${account.id}`)),
    prepare(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${account.id}`)),
  ])
  const [hook, failingHook, deletedHook] = [
    await createTestWebhook(account),
    await createTestWebhook(account),
    await createTestWebhook(account),
  ]
  const pausedHook = await createTestWebhook(account)
  const ticket = await createTicket(customer, { tags: ['red'], priority: 'high', attachments: [file('a.txt')] })
  const second = await createTicket(admin, { tags: ['blue'] })
  await createTicket(customer, { description: 'A printer' })
  await patchTicket(agent, ticket.id, { title: 'Printer jam', assigned_to: agent.id })
  await patchTicket(agent, second.id, { status: 'closed' })
  const open = await createComment(agent, ticket.id, { attachments: [file('b.txt')] })
  const internal = await createComment(agent, ticket.id, { is_internal: true, attachments: [file('c.txt')] })
  const own = await createComment(customer, ticket.id)
  receive(({ url }) => new Response(null, { status: url === failingHook.url ? 500 : 204 }))
  await deliver(account)
  vi.mocked(globalThis.fetch).mockRestore()
  const deliveries = await deliveriesOf(account, hook)
  const failedDeliveries = await deliveriesOf(account, failingHook)
  const pausedDeliveries = await deliveriesOf(account, pausedHook)
  await callAs(admin, 'DELETE', `webhooks/${deletedHook.id}`)
  await callAs(admin, 'PATCH', `webhooks/${pausedHook.id}`, { active: false })
  const keys: [Key, Key] = [await createTestKey(account), await createTestKey(account)]
  await callAs(admin, 'DELETE', `api-keys/${keys[1].id}`)
  await patchTicket(agent, ticket.id, { priority: 'critical' })
  await call('POST', 'auth/logout', { token: await createTestToken(account.id, stranger.id, 'customer') })
  await call('POST', `tickets/${ticket.id}/comments`, {
    token: customer.token,
    headers: { 'Idempotency-Key': 'kept' },
    body: { content: 'Said once' },
  })
  const sent = await callAs(admin, 'POST', `webhooks/${hook.id}/replay`, { since: '2020-01-01' })
  if (sent.status !== 202) throw new Error(sent.text)
  const old = Date.now() - 10 * DAY
  await env.DB.batch([
    prepare(insertSelect(objectIntents, { accountId: account.id, id: 'attach_gone', kind: 'delete', createdAt: old })),
    prepare(insertSelect(objectIntents, { accountId: account.id, id: 'attach_lost', kind: 'upload', createdAt: old })),
    prepare(
      insertSelect(erasures, {
        accountId: account.id,
        ticketId: 'ticket_gone',
        commentId: '',
        createdAt: old,
        dueAt: old,
      }),
    ),
    prepare(
      insertSelect(revokedTokens, {
        accountId: account.id,
        userId: admin.id,
        tokenId: 'old',
        revokedAt: old,
        expiresAt: old,
      }),
    ),
    prepare(
      insertSelect(
        idempotencyRecords,
        {
          accountId: idempotencyRecords.accountId,
          callerId: idempotencyRecords.callerId,
          keyHash: 'old',
          fingerprint: idempotencyRecords.fingerprint,
          rows: idempotencyRecords.rows,
          createdAt: old,
        },
        sql`FROM ${idempotencyRecords} WHERE ${idempotencyRecords.accountId} = ${account.id}`,
      ),
    ),
    prepare(
      update(
        deliveriesTable,
        { completedAt: old },
        sql`${deliveriesTable.accountId} = ${account.id} AND ${deliveriesTable.id} = ${deliveries[0].id}`,
      ),
    ),
  ])
  const files = { ticket: ticket.attachments[0], open: open.attachments[0], internal: internal.attachments[0] }
  return {
    inactive,
    other,
    hook,
    failingHook,
    pausedHook,
    deletedHook,
    ticket,
    second,
    open,
    internal,
    own,
    files,
    keys,
    delivery: deliveries.at(-1),
    failedDelivery: failedDeliveries[0],
    pausedDelivery: pausedDeliveries[0],
    sweptDelivery: deliveries[0],
  } as const
}

export type { Hook }

export function pathIdsOf({ account, resources }: Fixture): PathIds {
  return {
    ticket_id: resources.ticket.id,
    comment_id: resources.open.id,
    attachment_id: resources.files.ticket.id,
    user_id: account.customer.id,
    key_id: resources.keys[0].id,
    webhook_id: resources.hook.id,
    delivery_id: resources.delivery.id,
  }
}

function withoutResources({ admin, agent, customer }: Account, rich: Rows): Rows {
  const userIds = new Set([admin.id, agent.id, customer.id])
  const emails = new Set([admin.email, agent.email, customer.email])
  return {
    accounts: rich.accounts ?? [],
    account_state: (rich.account_state ?? []).map((row) => ({
      ...Object.fromEntries(Object.keys(row).map((column) => [column, 0])),
      account_id: row.account_id ?? null,
    })),
    users: (rich.users ?? []).filter((row) => userIds.has(String(row.id))),
    logins: (rich.logins ?? []).filter((row) => emails.has(String(row.email_key))),
  }
}
