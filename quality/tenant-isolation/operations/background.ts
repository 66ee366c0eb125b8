import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { sweep } from '../../../src/jobs/sweep'
import { consume, consumeDeadLetters } from '../../../src/webhooks/consumer'
import { receive } from '../../../test/helpers/webhooks'
import { pathOf } from '../operation-kinds'
import type { Asker, Deed } from '../sender'
import { hook } from './paths'

const message = (accountId: string) => ({
  id: 'a message',
  body: { account_id: accountId },
  ack: () => undefined,
  retry: () => undefined,
})

/** More events than a message is for, and a replay of them: what is made of them is sent by somebody else. */
const MANY = (accountId: string, webhookId: string) => `
  WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600)
  INSERT INTO events (account_id, sequence, id, type, is_internal, data, created_at)
    SELECT '${accountId}', 1000 + i, printf('evt_%026d', i), 'user.created', 0, '{}', 1 FROM n;
  UPDATE account_state SET event_sequence = 1600 WHERE account_id = '${accountId}';
  UPDATE webhooks SET lease_id = 'busy', lease_until = 9000000000000 WHERE account_id = '${accountId}';
  INSERT OR REPLACE INTO replays (account_id, webhook_id, next_sequence, last_sequence, since, until, only_failed)
    VALUES ('${accountId}', '${webhookId}', 1001, 1600, 0, 9, 0)`

/** The account has sent more than a standard one may in a minute, and less than a premium one. */
const SENT_ENOUGH = (accountId: string) =>
  `UPDATE account_state SET pace_sent = 1500, pace_minute = ${Math.floor(Date.now() / 60_000)} WHERE account_id = '${accountId}'`

/** Has the consumer hear of the account, and shows what it asks the queue for. */
async function consumeFor({ see }: Asker, accountId: string): Promise<void> {
  const asked = vi.mocked(env.WEBHOOKS.sendBatch).mock.calls
  const before = asked.length
  const ctx = createExecutionContext()
  await consume(env, ctx, [message(accountId)])
  await waitOnExecutionContext(ctx)
  see(asked.slice(before))
}

/** What is done when nobody asks. */
export const BACKGROUND: Deed[] = [
  {
    operation: 'consumer',
    writes: true,
    name: 'consumer for subscribers that are gone',
    async run(asker, { account }) {
      receive(() => new Response(null, { status: 410 }))
      await consumeFor(asker, account.id)
    },
  },
  {
    operation: 'consumer',
    writes: true,
    name: 'consumer of an account that has sent enough',
    async run(asker, { account }) {
      await env.DB.prepare(SENT_ENOUGH(account.id)).run()
      await consumeFor(asker, account.id)
    },
  },
  {
    operation: 'consumer',
    writes: true,
    name: 'consumer of more than a message is for',
    async run(asker, { account, things }) {
      const statements = MANY(account.id, things.deaf.id).split(';')
      await env.DB.batch(statements.map((statement) => env.DB.prepare(statement)))
      await consumeFor(asker, account.id)
    },
  },
  {
    operation: 'consumer',
    writes: true,
    name: 'consumer',
    run: (asker, { account }) => consumeFor(asker, account.id),
  },
  {
    operation: 'dead letters',
    writes: true,
    name: 'dead letters',
    async run({ ask }, world) {
      await ask('admin', 'POST', `${pathOf(hook, world)}/test`)
      await consumeDeadLetters(env, [message(world.account.id)])
    },
  },
  { operation: 'sweep', writes: true, name: 'sweep', run: async () => void (await sweep(env, '', Date.now())) },
]

export const AFTER_A_SWEEP: Deed = {
  operation: 'listEvents',
  writes: true,
  name: 'listEvents from a cursor of before a sweep',
  async run({ ask }, { account }) {
    const { pagination } = JSON.parse((await ask('agent', 'GET', 'events?per_page=1')).body)
    await env.DB.prepare('DELETE FROM events WHERE account_id = ? AND sequence < 4').bind(account.id).run()
    await ask('agent', 'GET', `events?cursor=${pagination.next_cursor}`)
  },
}
