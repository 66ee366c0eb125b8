import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { LIVE_KEYS, LIVE_WEBHOOKS } from '../neighbor-rows'
import { pathOf, write } from '../operation-kinds'
import type { Deed } from '../sender'
import { attachments, comments, file } from './paths'

/** A deed of an account that has all that it may have. */
function atLimit(operation: string, fill: (accountId: string) => string, deed: Deed): Deed {
  return {
    operation,
    writes: true,
    name: `${operation} at the limit`,
    async run(asker, world) {
      await env.DB.batch(
        fill(world.account.id)
          .split(';')
          .map((statement) => env.DB.prepare(statement)),
      )
      await deed.run(asker, world)
    },
  }
}

const upTo = (count: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})`

/** What is done in an account that has all that it may have. */
export const LIMITS: Deed[] = [
  atLimit(
    'createApiKey',
    (
      id,
    ) => `INSERT INTO users (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
      ${upTo(LIVE_KEYS)} SELECT '${id}', 'key_full' || i, 'key', 'K', 'full' || i, 'full' || i, 'agent', 'active', 1, 1 FROM n;
      INSERT INTO api_keys (account_id, id, last_four, hash, created_at)
      ${upTo(LIVE_KEYS)} SELECT '${id}', 'key_full' || i, 'abcd', 'hash' || i, 1 FROM n`,
    write('createApiKey', 'admin', 'POST', 'api-keys', { name: 'One more' }),
  ),
  atLimit(
    'createWebhook',
    (
      id,
    ) => `INSERT INTO webhooks (account_id, id, url, events, include_internal, active, secret, created_at, since_sequence)
      ${upTo(LIVE_WEBHOOKS)} SELECT '${id}', 'webhook_full' || i, 'https://full' || i || '.example.com', '["*"]', 0, 1, '', 1, 0 FROM n`,
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

/** The storage fails behind the intents, which must be taken back. */
export const FAILING: Deed[] = [
  write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  write('createComment', 'customer', 'POST', comments, { content: 'New', attachments: [file] }),
].map((deed) => ({
  ...deed,
  name: `${deed.name} with no storage`,
  async run(asker, world) {
    const put = vi.spyOn(env.FILES, 'put').mockRejectedValue(new Error('down'))
    await deed.run(asker, world).finally(() => put.mockRestore())
  },
}))
