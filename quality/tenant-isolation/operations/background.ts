import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { accountCounters } from '../../../src/db/schema/accounts'
import { events, replays, webhooks } from '../../../src/db/schema/webhooks'
import { sql } from '../../../src/db/sql'
import { deleteFrom, insertSelect, update } from '../../../src/db/write'
import { BEGINNING, sweep } from '../../../src/jobs/sweep'
import { consume, consumeDeadLetters } from '../../../src/webhooks/consumer'
import { execute, numbers, prepare } from '../../../test/helpers/database'
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
const manyEvents = (accountId: string, webhookId: string) => [
  insertSelect(
    events,
    {
      accountId,
      sequence: sql`1000 + i`,
      id: sql`printf('evt_%026d', i)`,
      type: 'user.created',
      isInternal: 0,
      data: '{}',
      createdAt: 1,
    },
    sql`FROM ${numbers(1, 600)}`,
  ),
  update(accountCounters, { eventSequence: 1600 }, sql`${accountCounters.accountId} = ${accountId}`),
  update(webhooks, { leaseId: 'busy', leaseUntil: 9_000_000_000_000 }, sql`${webhooks.accountId} = ${accountId}`),
  deleteFrom(replays, sql`${replays.accountId} = ${accountId} AND ${replays.webhookId} = ${webhookId}`),
  insertSelect(replays, {
    accountId,
    webhookId,
    nextSequence: 1001,
    lastSequence: 1600,
    since: 0,
    until: 9,
    onlyFailed: 0,
  }),
]

/** More requests than the standard plan allows in a minute, fewer than the premium plan allows. */
const quotaUsed = (accountId: string) =>
  update(
    accountCounters,
    { quotaUsed: 1500, quotaWindow: Math.floor(Date.now() / 60_000) },
    sql`${accountCounters.accountId} = ${accountId}`,
  )

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
      await execute(quotaUsed(account.id))
      await consumeFor(sender, account.id)
    },
  },
  {
    operationId: 'consumer',
    writes: true,
    name: 'consumer of more events than one message handles',
    async run(sender, { account, resources }) {
      await env.DB.batch(manyEvents(account.id, resources.failingHook.id).map(prepare))
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
  {
    operationId: 'sweep',
    writes: true,
    name: 'sweep',
    run: async () => void (await sweep(env, BEGINNING, Date.now())),
  },
]

export const OPERATION_AFTER_SWEEP: Operation = {
  operationId: 'listEvents',
  writes: true,
  name: 'listEvents with a cursor from before a sweep',
  async run({ send }, { account }) {
    const { pagination } = JSON.parse((await send('agent', 'GET', 'events?per_page=1')).body)
    await execute(deleteFrom(events, sql`${events.accountId} = ${account.id} AND ${events.sequence} < 4`))
    await send('agent', 'GET', `events?cursor=${pagination.next_cursor}`)
  },
}
