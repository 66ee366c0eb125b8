import { TicketingClient } from '../../../packages/client/src/index.ts'
import { FAKE_URL } from './fake-api.ts'

/** Calls every method of the client against a fake API, and tells what it asked for: `GET /tickets/1/history` …. */
export async function askForEverything(): Promise<string[]> {
  const asked = new Set<string>()
  const client = new TicketingClient({
    url: FAKE_URL,
    token: 'ey',
    fetch: async (address, { method }) => {
      asked.add(`${method} ${new URL(address).pathname.slice('/api/v1'.length)}`)
      return Response.json({ data: [], pagination: { last_page: 1, next_cursor: null, has_more: false } })
    },
  })
  const { auth, account, apiKeys, users, tickets, comments, attachments, events, webhooks } = client
  const lists = [
    ...[apiKeys.list(), users.list(), tickets.list(), tickets.history('1'), comments.list('1'), attachments.list('1')],
    ...[events.list(), webhooks.list(), webhooks.deliveries('1')],
  ]
  await Promise.all([
    ...lists.map(async (list: AsyncIterable<unknown>) => {
      for await (const _ of list);
    }),
    // What the fake answers is no export, but it was asked for.
    tickets
      .export()
      .next()
      .catch(() => undefined),
    auth.login({ email: 'a', password: 'b' }),
    auth.register({ account: 'a', name: 'b', email: 'c', password: 'd' }),
    auth.logout(),
    auth.changePassword({ current_password: 'a', new_password: 'b' }),
    account.get(),
    account.update({ name: 'a' }),
    account.create({ account_name: 'a', name: 'b', email: 'c', password: 'd' }),
    apiKeys.create({ name: 'a' }),
    apiKeys.rotate('1'),
    apiKeys.delete('1'),
    users.page(),
    users.get('1'),
    users.me(),
    users.create({ name: 'a', email: 'b' }),
    users.update('1', { name: 'a' }),
    users.updateMe({ name: 'a' }),
    users.deactivate('1'),
    users.setPassword('1', 'a'),
    tickets.page(),
    tickets.get('1'),
    tickets.create({ title: 'a', description: 'b' }),
    tickets.update('1', { title: 'a' }),
    tickets.delete('1'),
    tickets.stats(),
    comments.create('1', { content: 'a' }),
    comments.delete('1', '1'),
    attachments.upload('1', 'a', { filename: 'b' }),
    attachments.get('1'),
    attachments.delete('1', '1'),
    webhooks.get('1'),
    webhooks.create({ url: 'a', events: ['*'] }),
    webhooks.update('1', { active: true }),
    webhooks.delete('1'),
    webhooks.rotateSecret('1'),
    webhooks.test('1'),
    webhooks.delivery('1', '1'),
    webhooks.redeliver('1', '1'),
    webhooks.replay('1', { since: '2026-05-01' }),
  ])
  return [...asked]
}
