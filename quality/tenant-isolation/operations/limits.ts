import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { KEY_LIMIT, WEBHOOK_LIMIT } from '../neighbor-rows'
import { pathOf, write } from '../operation-kinds'
import type { Operation } from '../sender'
import { attachments, comments, file } from './paths'

function atLimit(operationId: string, fill: (accountId: string) => string, operation: Operation): Operation {
  return {
    operationId,
    writes: true,
    name: `${operationId} at the limit`,
    async run(sender, fixture) {
      await env.DB.batch(
        fill(fixture.account.id)
          .split(';')
          .map((statement) => env.DB.prepare(statement)),
      )
      await operation.run(sender, fixture)
    },
  }
}

const upTo = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`

export const LIMITS: Operation[] = [
  atLimit(
    'createApiKey',
    (
      id,
    ) => `INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
      ${upTo(KEY_LIMIT)} SELECT '${id}', 'key_full' || i, 'key', 'K', 'full' || i, 'full' || i, 'agent', 'active', 1, 1 FROM n;
      INSERT INTO api_keys (account_id, id, last_four, hash, created_at)
      ${upTo(KEY_LIMIT)} SELECT '${id}', 'key_full' || i, 'abcd', 'hash' || i, 1 FROM n`,
    write('createApiKey', 'admin', 'POST', 'api-keys', { name: 'One more' }),
  ),
  atLimit(
    'createWebhook',
    (
      id,
    ) => `INSERT INTO webhooks (account_id, id, url, events, include_internal, active, secret, created_at, since_sequence)
      ${upTo(WEBHOOK_LIMIT)} SELECT '${id}', 'webhook_full' || i, 'https://full' || i || '.example.com', '["*"]', 0, 1, '', 1, 0 FROM n`,
    write('createWebhook', 'admin', 'POST', 'webhooks', { url: 'https://one-more.example.com', events: ['*'] }),
  ),
  atLimit(
    'uploadAttachment',
    (id) => `UPDATE account_state SET stored_bytes = 5000000000 WHERE account_id = '${id}'`,
    write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  ),
  atLimit(
    'createTicket',
    (id) => `UPDATE account_state SET stored_bytes = 5000000000 WHERE account_id = '${id}'`,
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
