import { deliveries as deliveriesTable, replays, webhooks } from '../../../src/db/schema/webhooks'
import { sql } from '../../../src/db/sql'
import { deleteFrom, update } from '../../../src/db/write'
import { execute } from '../../../test/helpers/database'
import { cursorReads, type Path, pathOf, reads, write } from '../operation-kinds'
import type { Operation } from '../sender'
import { deliveries, hook } from './paths'

const REPLAY_ALL = { since: '2020-01-01' }
const second: Path = ({ resources }) => `webhooks/${resources.failingHook.id}`

/** A sweep has deleted the webhook's deliveries: they must not be sent again. */
const UPDATE_AFTER_SWEEP: Operation = {
  operationId: 'updateWebhook',
  writes: true,
  name: 'updateWebhook after a sweep of its deliveries',
  async run({ send }, fixture) {
    const { account, resources } = fixture
    for (const table of [replays, deliveriesTable])
      await execute(
        deleteFrom(table, sql`${table.accountId} = ${account.id} AND ${table.webhookId} = ${resources.hook.id}`),
      )
    await send('admin', 'PATCH', pathOf(hook, fixture), { body: { description: 'New' } })
  },
}

const DELETE_WITH_NEIGHBOR: Operation = {
  operationId: 'deleteWebhook',
  writes: true,
  name: 'deleteWebhook of one that was deleted before',
  async run({ send }, { account, resources }) {
    const setDeletedInNeighbor = (deletedAt: number | null) =>
      execute(
        update(
          webhooks,
          { deletedAt },
          sql`${webhooks.accountId} <> ${account.id} AND ${webhooks.id} = ${resources.deletedHook.id}`,
        ),
      )
    await setDeletedInNeighbor(Date.now())
    await send('admin', 'DELETE', `webhooks/${resources.deletedHook.id}`)
    await setDeletedInNeighbor(null)
  },
}

export const WEBHOOKS: Operation[] = [
  ...reads('listWebhooks', ['admin'], 'webhooks', ['', '?per_page=1&page=2']),
  ...reads('getWebhook', ['admin'], hook),
  write('createWebhook', 'admin', 'POST', 'webhooks', { url: 'https://new.example.com/', events: ['*'] }),
  write('updateWebhook', 'admin', 'PATCH', hook, { url: 'https://moved.example.com/', description: 'New' }),
  write('updateWebhook', 'admin', 'PATCH', hook, { active: false }),
  write('updateWebhook', 'admin', 'PATCH', hook, { events: ['user.created'] }),
  write('updateWebhook', 'admin', 'PATCH', ({ resources }) => `webhooks/${resources.pausedHook.id}`, { active: true }),
  UPDATE_AFTER_SWEEP,
  write('deleteWebhook', 'admin', 'DELETE', hook),
  DELETE_WITH_NEIGHBOR,
  write('rotateWebhookSecret', 'admin', 'POST', (w) => `${pathOf(hook, w)}/rotate-secret`),
  write('testWebhook', 'admin', 'POST', (w) => `${pathOf(hook, w)}/test`),
  write('testWebhook', 'admin', 'POST', ({ resources }) => `webhooks/${resources.pausedHook.id}/test`),
  write('replayWebhook', 'admin', 'POST', (w) => `${pathOf(second, w)}/replay`, REPLAY_ALL),
  write('replayWebhook', 'admin', 'POST', (w) => `${pathOf(second, w)}/replay`, {
    ...REPLAY_ALL,
    only_failed: true,
  }),
  ...reads('listDeliveries', ['admin'], deliveries, ['', '?status=succeeded', '?event=ticket.created']),
  ...cursorReads('listDeliveries', ['admin'], deliveries),
  ...reads('getDelivery', ['admin'], (w) => `${pathOf(deliveries, w)}/${w.resources.delivery.id}`),
  write('redeliver', 'admin', 'POST', (w) => `${pathOf(deliveries, w)}/${w.resources.delivery.id}/redeliver`),
  write(
    'redeliver',
    'admin',
    'POST',
    ({ resources }) => `webhooks/${resources.pausedHook.id}/deliveries/${resources.pausedDelivery.id}/redeliver`,
  ),
  ...reads('listEvents', ['agent'], 'events', ['', '?event=ticket.created', '?cursor=']),
  ...reads('listEvents', ['agent'], 'events', [(w) => `?ticket_id=${w.resources.ticket.id}`]),
]
