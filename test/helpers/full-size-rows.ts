import { env } from 'cloudflare:workers'
import { getTableColumns } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { accountCounters, apiKeys, users } from '../../src/db/schema/accounts'
import { attachments, comments, ticketHistory, tickets } from '../../src/db/schema/tickets'
import { deliveries, events, webhooks } from '../../src/db/schema/webhooks'
import { type SQL, sql } from '../../src/db/sql'
import type { Statement } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { newId } from '../../src/lib/ids'
import { type Account, createTestAccount, createTicket } from './api'
import { createTestKey } from './credentials'
import { numbers, prepare } from './database'
import type { PathIds } from './path-ids'
import { createComment, patchTicket } from './tickets'
import { createTestWebhook } from './webhooks'

/** How many rows of each kind an account of `createFullSizeAccount` has at least: more than a page. */
export const FULL_SIZE_ROWS = 120
const FILES_PER_COMMENT = 10
/** Of the comments; a ticket may have 500 files. */
const WITH_FILES = 45

const repeated = (filler: string, bytes: number) => filler.repeat(Math.floor(bytes / Buffer.byteLength(filler)))

/** Bytes of a text of `filler`, by the limits of the API. */
function textsOf(filler: string) {
  const characters = (count: number) => filler.repeat(count)
  return {
    title: characters(200 / [...filler].length),
    long: repeated(filler, 65_536),
    tags: Array.from({ length: 20 }, (_, i) => `${characters(47)}${String(i).padStart(3, '0')}`),
    customFields: Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [String(i).padStart(64, 'k'), characters(1_000)]),
    ),
    name: characters(100),
    filename: `${repeated(filler === '"' ? 'x' : filler, 251)}.txt`,
  }
}

interface FullSizeAccount {
  account: Account
  ids: Pick<PathIds, 'ticket_id' | 'webhook_id'>
}

/** An account with rows of every list, of the largest size that the API accepts, with texts of `filler`. */
export async function createFullSizeAccount(filler: string): Promise<FullSizeAccount> {
  const account = await createTestAccount()
  const { title, long, tags, customFields, name, filename } = textsOf(filler)
  await env.DB.batch([prepare(update(users, { name }, sql`${users.accountId} = ${account.id}`))])
  const full = { title, description: long, tags, custom_fields: customFields, assigned_to: account.admin.id }
  const { id } = await createTicket(account.agent, full)
  const files = Array.from({ length: FILES_PER_COMMENT }, () => ({
    filename,
    content: 'YWJj',
    mime_type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  }))
  const comment = await createComment(account.agent, id, { content: long, attachments: files })
  await patchTicket(account.agent, id, { description: `${long.slice(0, -2)}y` })
  const hook = await createTestWebhook(account, { url: `https://hooks.example.com/${'u'.repeat(2_000)}` })
  const key = await createTestKey(account)
  const accountId = account.id
  const delivery = {
    accountId,
    webhookId: hook.id,
    sequence: sql<number>`i + 10`,
    id: copyId('dlv'),
    eventId: copyId('evt'),
  }
  const batch = [
    copies(tickets, of(tickets, id), {
      id: copyId(id),
      number: sql`${tickets.number} + i`,
      searchId: sql`${tickets.searchId} + i`,
    }),
    copies(comments, of(comments, comment.id), { id: copyId(comment.id), createdAt: sql`${comments.createdAt} + i` }),
    ...comment.attachments.map((file: { id: string }) =>
      copies(attachments, sql`${of(attachments, file.id)} AND i < ${WITH_FILES}`, {
        id: copyId(file.id),
        commentId: copyId(comment.id),
        createdAt: sql`${attachments.createdAt} + i`,
      }),
    ),
    copies(ticketHistory, sql`${ticketHistory.accountId} = ${accountId}`, { changeId: copyId('change') }),
    copies(users, of(users, account.customer.id), {
      id: copyId('user'),
      email: copyEmail(),
      emailNormalized: copyEmail(),
      createdAt: sql`${users.createdAt} + i`,
    }),
    copies(users, of(users, key.id), { id: copyId(key.id), email: copyEmail(), emailNormalized: copyEmail() }),
    copies(apiKeys, of(apiKeys, key.id), { id: copyId(key.id) }),
    copies(webhooks, of(webhooks, hook.id), { id: copyId(hook.id), url: sql`${webhooks.url} || i` }),
    copies(events, sql`${events.accountId} = ${accountId} AND ${events.type} = 'ticket.updated'`, {
      id: copyId('evt'),
      sequence: sql`${events.sequence} + i`,
    }),
    update(
      accountCounters,
      { eventSequence: 1_000, ticketNumber: 1_000 },
      sql`${accountCounters.accountId} = ${accountId}`,
    ),
    insertSelect(
      deliveries,
      { ...delivery, event: 'ticket.status_changed', createdAt: 1, completedAt: 1, lastError: 'dead_letter' },
      sql`FROM ${numbers(1, FULL_SIZE_ROWS)}`,
    ),
  ]
  await env.DB.batch(batch.map(prepare))
  return { account, ids: { ticket_id: id, webhook_id: hook.id } }
}

const of = (
  table: typeof tickets | typeof comments | typeof attachments | typeof users | typeof apiKeys | typeof webhooks,
  id: string,
) => sql`${table.id} = ${id}`

/** An ID of 64 characters, or that of a copy of the row with this ID. */
const copyId = (id: string) => sql<string>`${`${id}_`} || i`

const copyEmail = () => sql<string>`${`${'e'.repeat(60)}${newId('user', Date.now())}`} || i || '@example.com'`

/** Inserts copies of a row, with `i` from 1 on. */
function copies(table: SQLiteTable, original: SQL, changes: Record<string, SQL>): Statement<never> {
  const columns = Object.entries(getTableColumns(table)).filter(
    ([key, column]) => key !== 'rowId' && column.generated === undefined,
  )
  const values = Object.fromEntries(columns.map(([key, column]) => [key, changes[key] ?? sql`${column}`]))
  return insertSelect(table, values, sql`FROM ${numbers(1, FULL_SIZE_ROWS)} CROSS JOIN ${table} WHERE ${original}`)
}
