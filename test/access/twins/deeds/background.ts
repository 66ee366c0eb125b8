import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { sweep } from '../../../../src/sweep/service'
import { consume, consumeDeadLetters } from '../../../../src/webhooks/consumer'
import type { Deed } from '../asker'
import { pathOf } from '../deed-kinds'
import { hook } from './paths'

const message = (accountId: string) => ({
  id: 'a message',
  body: { account_id: accountId },
  ack: () => undefined,
  retry: () => undefined,
})

/** What is done when nobody asks. */
export const BACKGROUND: Deed[] = [
  {
    operation: 'consumer',
    writes: true,
    name: 'consumer',
    async run(_, { account }) {
      const ctx = createExecutionContext()
      await consume(env, ctx, [message(account.id)])
      await waitOnExecutionContext(ctx)
    },
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
