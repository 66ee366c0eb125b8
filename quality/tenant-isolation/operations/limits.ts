import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { accountCounters, apiKeys, users } from '../../../src/db/schema/accounts'
import { webhooks } from '../../../src/db/schema/webhooks'
import { sql } from '../../../src/db/sql'
import type { Statement } from '../../../src/db/statement'
import { insertSelect, update } from '../../../src/db/write'
import { numbers, prepare } from '../../../test/helpers/database'
import { KEY_LIMIT, WEBHOOK_LIMIT } from '../neighbor-rows'
import { pathOf, write } from '../operation-kinds'
import type { Operation } from '../sender'
import { attachments, comments, file } from './paths'

function atLimit(operationId: string, fill: (accountId: string) => Statement[], operation: Operation): Operation {
  return {
    operationId,
    writes: true,
    name: `${operationId} at the limit`,
    async run(sender, fixture) {
      await env.DB.batch(fill(fixture.account.id).map(prepare))
      await operation.run(sender, fixture)
    },
  }
}

const fullStorage = (accountId: string) => [
  update(accountCounters, { storedBytes: 5_000_000_000 }, sql`${accountCounters.accountId} = ${accountId}`),
]

const allKeys = (accountId: string) => [
  insertSelect(
    users,
    {
      accountId,
      id: sql`'key_full' || i`,
      kind: 'key',
      name: 'K',
      email: sql`'full' || i`,
      emailNormalized: sql`'full' || i`,
      role: 'agent',
      status: 'active',
      tokenVersion: 1,
      createdAt: 1,
    },
    sql`FROM ${numbers(1, KEY_LIMIT)}`,
  ),
  insertSelect(
    apiKeys,
    { accountId, id: sql`'key_full' || i`, lastFour: 'abcd', hash: sql`'hash' || i`, createdAt: 1 },
    sql`FROM ${numbers(1, KEY_LIMIT)}`,
  ),
]

const allWebhooks = (accountId: string) => [
  insertSelect(
    webhooks,
    {
      accountId,
      id: sql`'webhook_full' || i`,
      url: sql`'https://full' || i || '.example.com'`,
      events: '["*"]',
      includeInternal: 0,
      active: 1,
      secret: '',
      createdAt: 1,
      sinceSequence: 0,
    },
    sql`FROM ${numbers(1, WEBHOOK_LIMIT)}`,
  ),
]

export const LIMITS: Operation[] = [
  atLimit('createApiKey', allKeys, write('createApiKey', 'admin', 'POST', 'api-keys', { name: 'One more' })),
  atLimit(
    'createWebhook',
    allWebhooks,
    write('createWebhook', 'admin', 'POST', 'webhooks', { url: 'https://one-more.example.com', events: ['*'] }),
  ),
  atLimit(
    'uploadAttachment',
    fullStorage,
    write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  ),
  atLimit(
    'createTicket',
    fullStorage,
    write('createTicket', 'customer', 'POST', 'tickets', { title: 'Full', description: 'D', attachments: [file] }),
  ),
]

/** Storage fails after the intents were written, so they must be removed. */
export const STORAGE_FAILURES: Operation[] = [
  write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  write('createComment', 'customer', 'POST', comments, { content: 'New', attachments: [file] }),
].map((operation) => ({
  ...operation,
  name: `${operation.name} with no storage`,
  async run(sender, fixture) {
    const put = vi.spyOn(env.FILES, 'put').mockRejectedValue(new Error('down'))
    await operation.run(sender, fixture).finally(() => put.mockRestore())
  },
}))
