import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { sweep } from '../../../src/jobs/sweep'
import { consume, consumeDeadLetters } from '../../../src/webhooks/consumer'
import { receive } from '../../../test/helpers/webhooks'
import { pathOf } from '../operation-kinds'
import type { Operation, Sender } from '../sender'
import { hook } from './paths'

const message = (accountId: string) => ({
  id: 'a message',
  body: { account_id: accountId },
  ack: () => undefined,
  retry: () => undefined,
})

/** More events than one message handles, and a replay of them; another worker holds the lease. */
const MANY_EVENTS = (accountId: string, webhookId: string) => `
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
  INSERT INTO events (account_id, sequence, id, type, is_internal, data, created_at)
    SELECT '${accountId}', 1000 + i, printf('evt_%026d', i), 'user.created', 0, '{}', 1 FROM n;
  UPDATE account_state SET event_sequence = 1600 WHERE account_id = '${accountId}';
  UPDATE webhooks SET lease_id = 'busy', lease_until = 9000000000000 WHERE account_id = '${accountId}';
  INSERT OR REPLACE INTO replays (account_id, webhook_id, next_sequence, last_sequence, since, until, only_failed)
    VALUES ('${accountId}', '${webhookId}', 1001, 1600, 0, 9, 0)`

/** More requests than the standard plan allows in a minute, fewer than the premium plan allows. */
const QUOTA_USED = (accountId: string) =>
  `UPDATE account_state SET pace_sent = 1500, pace_minute = ${Math.floor(Date.now() / 60_000)} WHERE account_id = '${accountId}'`

async function consumeFor({ record }: Sender, accountId: string): Promise<void> {
  const messages = vi.mocked(env.WEBHOOKS.sendBatch).mock.calls
  const before = messages.length
  const ctx = createExecutionContext()
  await consume(env, ctx, [message(accountId)])
  await waitOnExecutionContext(ctx)
  record(messages.slice(before))
}

export const BACKGROUND: Operation[] = [
  {
    operationId: 'consumer',
    writes: true,
    name: 'consumer of deleted subscribers',
    async run(sender, { account }) {
      receive(() => new Response(null, { status: 410 }))
      await consumeFor(sender, account.id)
    },
  },
  {
    operationId: 'consumer',
    writes: true,
    name: 'consumer of an account over its quota',
    async run(sender, { account }) {
      await env.DB.prepare(QUOTA_USED(account.id)).run()
      await consumeFor(sender, account.id)
    },
  },
  {
    operationId: 'consumer',
    writes: true,
    name: 'consumer of more events than one message handles',
    async run(sender, { account, resources }) {
      const statements = MANY_EVENTS(account.id, resources.failingHook.id).split(';')
      await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))
      await consumeFor(sender, account.id)
    },
  },
  {
    operationId: 'consumer',
    writes: true,
    name: 'consumer',
    run: (sender, { account }) => consumeFor(sender, account.id),
  },
  {
    operationId: 'dead letters',
    writes: true,
    name: 'dead letters',
    async run({ send }, fixture) {
      await send('admin', 'POST', `${pathOf(hook, fixture)}/test`)
      await consumeDeadLetters(env, [message(fixture.account.id)])
    },
  },
  { operationId: 'sweep', writes: true, name: 'sweep', run: async () => void (await sweep(env, '', Date.now())) },
]

export const OPERATION_AFTER_SWEEP: Operation = {
  operationId: 'listEvents',
  writes: true,
  name: 'listEvents with a cursor from before a sweep',
  async run({ send }, { account }) {
    const { pagination } = JSON.parse((await send('agent', 'GET', 'events?per_page=1')).body)
    await env.DB.prepare('DELETE FROM events WHERE account_id = ? AND sequence < 4').bind(account.id).run()
    await send('agent', 'GET', `events?cursor=${pagination.next_cursor}`)
  },
}
