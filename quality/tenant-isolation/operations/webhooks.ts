import { env } from 'cloudflare:workers'
import { type Path, pathOf, reads, walks, write } from '../operation-kinds'
import type { Deed } from '../sender'
import { deliveries, hook } from './paths'

const EVERYTHING_AGAIN = { since: '2020-01-01' }
const second: Path = ({ things }) => `webhooks/${things.deaf.id}`

/** A webhook is changed whose deliveries a sweep has taken away: it must not be told again. */
const AFTER_ITS_DELIVERIES: Deed = {
  operation: 'updateWebhook',
  writes: true,
  name: 'updateWebhook after a sweep of its deliveries',
  async run({ ask }, world) {
    const { account, things } = world
    for (const table of ['replays', 'deliveries'])
      await env.DB.prepare(`DELETE FROM ${table} WHERE account_id = ? AND webhook_id = ?`)
        .bind(account.id, things.hook.id)
        .run()
    await ask('admin', 'PATCH', pathOf(hook, world), { body: { description: 'New' } })
  },
}

/** At the very time at which another account ends a webhook of its own. */
const WHILE_ANOTHER_ENDS: Deed = {
  operation: 'deleteWebhook',
  writes: true,
  name: 'deleteWebhook of one that has ended before',
  async run({ ask }, { account, things }) {
    const endOthers = (deletedAt: number | null) =>
      env.DB.prepare('UPDATE webhooks SET deleted_at = ? WHERE account_id <> ? AND id = ?')
        .bind(deletedAt, account.id, things.ended.id)
        .run()
    await endOthers(Date.now())
    await ask('admin', 'DELETE', `webhooks/${things.ended.id}`)
    await endOthers(null)
  },
}

/** What is done with webhooks, deliveries and events. */
export const WEBHOOKS: Deed[] = [
  ...reads('listWebhooks', ['admin'], 'webhooks', ['', '?per_page=1&page=2']),
  ...reads('getWebhook', ['admin'], hook),
  write('createWebhook', 'admin', 'POST', 'webhooks', { url: 'https://new.example.com/', events: ['*'] }),
  write('updateWebhook', 'admin', 'PATCH', hook, { url: 'https://moved.example.com/', description: 'New' }),
  write('updateWebhook', 'admin', 'PATCH', hook, { active: false }),
  write('updateWebhook', 'admin', 'PATCH', hook, { events: ['user.created'] }),
  write('updateWebhook', 'admin', 'PATCH', ({ things }) => `webhooks/${things.idle.id}`, { active: true }),
  AFTER_ITS_DELIVERIES,
  write('deleteWebhook', 'admin', 'DELETE', hook),
  WHILE_ANOTHER_ENDS,
  write('rotateWebhookSecret', 'admin', 'POST', (w) => `${pathOf(hook, w)}/rotate-secret`),
  write('testWebhook', 'admin', 'POST', (w) => `${pathOf(hook, w)}/test`),
  write('testWebhook', 'admin', 'POST', ({ things }) => `webhooks/${things.idle.id}/test`),
  write('replayWebhook', 'admin', 'POST', (w) => `${pathOf(second, w)}/replay`, EVERYTHING_AGAIN),
  write('replayWebhook', 'admin', 'POST', (w) => `${pathOf(second, w)}/replay`, {
    ...EVERYTHING_AGAIN,
    only_failed: true,
  }),
  ...reads('listDeliveries', ['admin'], deliveries, ['', '?status=succeeded', '?event=ticket.created']),
  ...walks('listDeliveries', ['admin'], deliveries),
  ...reads('getDelivery', ['admin'], (w) => `${pathOf(deliveries, w)}/${w.things.delivery.id}`),
  write('redeliver', 'admin', 'POST', (w) => `${pathOf(deliveries, w)}/${w.things.delivery.id}/redeliver`),
  write(
    'redeliver',
    'admin',
    'POST',
    ({ things }) => `webhooks/${things.idle.id}/deliveries/${things.resting.id}/redeliver`,
  ),
  ...reads('listEvents', ['agent'], 'events', ['', '?event=ticket.created', '?cursor=']),
  ...reads('listEvents', ['agent'], 'events', [(w) => `?ticket_id=${w.things.ticket.id}`]),
]
