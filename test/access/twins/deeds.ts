import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { hashKey } from '../../../src/api-keys/key-format'
import { findKeyFacts, isKnownKey } from '../../../src/api-keys/service'
import { noteKeyUse } from '../../../src/auth/service'
import { sweep } from '../../../src/sweep/service'
import { consume, consumeDeadLetters } from '../../../src/webhooks/consumer'
import type { Ask, Asker, Deed } from './deed'
import { LIVE_KEYS, LIVE_WEBHOOKS, PASSWORD, TWIN_HASH, type World } from './world'

type By = Parameters<Ask>[0]
type Path = string | ((world: World) => string)

const keyed = { headers: { 'Idempotency-Key': 'new' } }
const pathOf = (path: Path, world: World) => (typeof path === 'string' ? path : path(world))

/** Reads of one path under each of some queries. */
function reads(
  operation: string,
  by: By[],
  path: Path,
  queries: (string | ((world: World) => string))[] = [''],
): Deed[] {
  return by.flatMap((who) =>
    queries.map((query) => ({
      operation,
      writes: false,
      name: `${operation} as ${who}`,
      async run({ ask }: Asker, world: World) {
        await ask(who, 'GET', `${pathOf(path, world)}${pathOf(query, world)}`)
      },
    })),
  )
}

/** Walks by cursor, one thing a page, to the end and back; then from places where nothing stands any more. */
function walks(operation: string, by: By[], path: Path, query = ''): Deed[] {
  return by.map((who) => ({
    operation,
    writes: false,
    name: `${operation} as ${who} by cursor`,
    async run({ ask }: Asker, world: World) {
      const base = `${pathOf(path, world)}?per_page=1${query}`
      const pages: { next_cursor: string | null; prev_cursor?: string | null }[] = []
      const visit = async (cursor: string) => {
        const { body } = await ask(who, 'GET', `${base}&cursor=${cursor}`)
        const { pagination } = JSON.parse(body)
        if (pagination) pages.push(pagination)
        return pagination
      }
      let at = await visit('')
      for (let page = 0; at?.next_cursor && page < 3; page += 1) at = await visit(at.next_cursor)
      const [, middle] = pages
      if (at?.prev_cursor) await visit(at.prev_cursor)
      for (const cursor of [middle?.next_cursor, middle?.prev_cursor]) if (cursor) await visit(moved(cursor))
    },
  }))
}

/** The same cursor at a thing that is gone. */
function moved(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString()
  return Buffer.from(text.replace(/(comment|attach)_\w+/, '$1_gone')).toString('base64url')
}

function write(
  operation: string,
  by: By,
  method: string,
  path: Path,
  body?: unknown,
  headers?: Record<string, string>,
): Deed {
  return {
    operation,
    writes: true,
    name: `${operation} as ${by}`,
    async run({ ask }, world) {
      const sent = typeof body === 'function' ? body(world) : body
      await ask(by, method, pathOf(path, world), { body: sent, headers: { ...keyed.headers, ...headers } })
    },
  }
}

const file = { filename: 'new.txt', content: 'bmV3', mime_type: 'text/plain' }
const ticket: Path = ({ things }) => `tickets/${things.ticket.id}`
const comments: Path = (w) => `${pathOf(ticket, w)}/comments`
const attachments: Path = (w) => `${pathOf(ticket, w)}/attachments`
const hook: Path = ({ things }) => `webhooks/${things.hook.id}`
const userPath =
  (pick: (world: World) => { id: string }): Path =>
  (w) =>
    `users/${pick(w).id}`
const customer = userPath(({ account }) => account.customer)
const deliveries: Path = (w) => `${pathOf(hook, w)}/deliveries`

const LISTS = [
  ...['', '?status=open,closed', '?priority=critical', '?assigned_to=none', '?created_by=me', '?tag=red', '?q=printer'],
  ...[
    '?number=1',
    '?number=501',
    '?created_after=2020-01-01',
    '?updated_after=2020-01-01&status=open',
    '?sort=priority',
  ],
  ...[
    '?tag=red&q=printer',
    '?per_page=1&page=2',
    '?created_after=2020-01-01&created_by=me',
    '?status=closed&sort=updated_at',
    '?created_after=2020-01-01&sort=updated_at&per_page=1',
  ],
  (w: World) => `?assigned_to=${w.account.agent.id}`,
  (w: World) => `?created_by=${w.account.customer.id}&assigned_to=${w.account.agent.id}`,
  (w: World) => `?assigned_to=${w.account.agent.id}&created_after=2020-01-01`,
]

const TICKETS: Deed[] = [
  ...reads('listTickets', ['agent', 'customer'], 'tickets', LISTS),
  ...walks('listTickets', ['agent', 'customer'], 'tickets'),
  ...walks('listTickets', ['agent'], 'tickets', '&sort=priority'),
  ...reads('getTicketStats', ['agent', 'customer'], 'tickets/stats'),
  ...reads('exportTickets', ['agent'], 'tickets/export', ['', '?status=open']),
  ...reads('getTicket', ['agent', 'customer', 'stranger'], ticket),
  ...reads('listTicketHistory', ['agent'], (w) => `${pathOf(ticket, w)}/history`),
  ...walks('listTicketHistory', ['agent'], (w) => `${pathOf(ticket, w)}/history`),
  write('createTicket', 'customer', 'POST', 'tickets', {
    title: 'New',
    description: 'D',
    tags: ['red'],
    attachments: [file],
  }),
  write('createTicket', 'agent', 'POST', 'tickets', ({ account, things }: World) => ({
    title: 'For another',
    description: 'D',
    created_by: account.stranger.id,
    assigned_to: things.other.id,
  })),
  write('createTicket', 'agent', 'POST', 'tickets', ({ account }: World) => ({
    title: 'With a file',
    description: 'D',
    assigned_to: account.agent.id,
    created_by: account.customer.id,
    attachments: [file],
  })),
  write('createTicket', 'agent', 'POST', 'tickets', ({ things }: World) => ({
    title: 'For somebody gone',
    description: 'D',
    attachments: [file],
    assigned_to: things.other.id,
  })),
  write('updateTicket', 'agent', 'PATCH', ticket, ({ account }: World) => ({
    title: 'Changed',
    status: 'resolved',
    assigned_to: null,
    created_by: account.customer.id,
    add_tags: ['new'],
    custom_fields: { a: 1 },
  })),
  write('updateTicket', 'agent', 'PATCH', ticket, ({ things }: World) => ({
    assigned_to: things.other.id,
    created_by: things.other.id,
  })),
  write('updateTicket', 'customer', 'PATCH', ticket, { status: 'closed' }),
  write('updateTicket', 'customer', 'PATCH', ticket, { status: 'open' }),
  write('updateTicket', 'agent', 'PATCH', ticket, { title: 'Expected' }, { 'If-Match': '"6.x", "11.x"' }),
  write('updateTicket', 'agent', 'PATCH', ticket, { title: 'Expected' }, { 'If-Match': '"1.x"' }),
  write('deleteTicket', 'agent', 'DELETE', ticket),
]

const PARTS: Deed[] = [
  ...reads('listComments', ['agent', 'customer'], comments, ['', '?page=2&per_page=1']),
  ...walks('listComments', ['agent', 'customer'], comments),
  write('createComment', 'customer', 'POST', comments, { content: 'New', attachments: [file] }),
  write('createComment', 'agent', 'POST', comments, { content: 'New', is_internal: true, attachments: [file] }),
  write('createComment', 'customer', 'POST', comments, { content: 'Without a file' }),
  write('createComment', 'customer', 'POST', comments, { content: 'Said once' }, { 'Idempotency-Key': 'kept' }),
  write('deleteComment', 'agent', 'DELETE', (w) => `${pathOf(comments, w)}/${w.things.open.id}`),
  write('deleteComment', 'agent', 'DELETE', (w) => `${pathOf(comments, w)}/${w.things.own.id}`),
  write('deleteComment', 'admin', 'DELETE', (w) => `${pathOf(comments, w)}/${w.things.internal.id}`),
  ...reads('listAttachments', ['agent', 'customer'], attachments, ['', '?page=2&per_page=1']),
  ...walks('listAttachments', ['agent', 'customer'], attachments),
  write('uploadAttachment', 'customer', 'POST', (w) => `${pathOf(attachments, w)}?filename=new.txt`, 'bytes'),
  write('deleteAttachment', 'agent', 'DELETE', (w) => `${pathOf(attachments, w)}/${w.things.files.ticket.id}`),
  write('deleteAttachment', 'agent', 'DELETE', (w) => `${pathOf(attachments, w)}/${w.things.files.internal.id}`),
  ...reads('getAttachment', ['agent', 'customer', 'stranger'], (w) => `attachments/${w.things.files.ticket.id}`),
  ...reads('getAttachment', ['agent', 'customer'], (w) => `attachments/${w.things.files.internal.id}`),
  ...reads(
    'getFile',
    ['nobody'],
    (w) => new URL(w.things.files.ticket.url).pathname + new URL(w.things.files.ticket.url).search,
  ),
]

const PEOPLE: Deed[] = [
  ...reads('listUsers', ['agent'], 'users', ['', '?role=customer', '?status=active', '?q=agent', '?page=2&per_page=1']),
  ...reads('listUsers', ['agent'], 'users', [(w) => `?q=${w.account.customer.email}`]),
  ...walks('listUsers', ['agent'], 'users'),
  ...reads('getMe', ['customer'], 'users/me'),
  ...reads('getUser', ['agent', 'customer'], customer),
  ...reads(
    'getUser',
    ['agent'],
    userPath(({ things }) => things.other),
  ),
  write('createUser', 'admin', 'POST', 'users', { name: 'New', email: 'new@example.com', role: 'agent' }),
  write('updateUser', 'admin', 'PATCH', customer, { name: 'New', email: 'moved@example.com', role: 'agent' }),
  write(
    'updateUser',
    'admin',
    'PATCH',
    userPath(({ things }) => things.gone),
    { status: 'active' },
  ),
  write(
    'updateUser',
    'admin',
    'PATCH',
    userPath(({ things }) => things.other),
    { email: 'moved@example.com' },
  ),
  write('updateMe', 'customer', 'PATCH', 'users/me', {
    name: 'New',
    email: 'moved@example.com',
    current_password: PASSWORD,
  }),
  write('deactivateUser', 'admin', 'DELETE', customer),
  write('setPassword', 'admin', 'POST', (w) => `${pathOf(customer, w)}/password`, { password: 'a new password' }),
  write('setPassword', 'admin', 'POST', ({ things }) => `users/${things.other.id}/password`, {
    password: 'a new password',
  }),
  write('changePassword', 'customer', 'POST', 'auth/password', {
    current_password: PASSWORD,
    new_password: 'a new password',
  }),
  write('logout', 'customer', 'POST', 'auth/logout'),
  write('login', 'nobody', 'POST', 'auth/login', ({ account }: World) => ({
    email: account.customer.email,
    password: PASSWORD,
    account: account.slug,
  })),
  write('register', 'nobody', 'POST', 'auth/register', ({ account }: World) => ({
    name: 'New',
    email: 'joins@example.com',
    password: 'a new password',
    account: account.slug,
  })),
  write('createAccount', 'nobody', 'POST', 'accounts', {
    account_name: 'New',
    name: 'New',
    email: 'first@example.com',
    password: 'a new password',
  }),
  ...reads('getAccount', ['admin'], 'account'),
  write('updateAccount', 'admin', 'PATCH', 'account', { name: 'Renamed' }),
]

const key: Path = ({ things }) => `api-keys/${things.keys[0].id}`

const KEYS: Deed[] = [
  ...reads('listApiKeys', ['admin'], 'api-keys', ['', '?per_page=1&page=2']),
  write('createApiKey', 'admin', 'POST', 'api-keys', { name: 'New' }),
  write('deleteApiKey', 'admin', 'DELETE', key),
  write('rotateApiKey', 'admin', 'POST', (w) => `${pathOf(key, w)}/rotate`, {}),
  write('rotateApiKey', 'admin', 'POST', ({ things }) => `api-keys/${things.keys[1].id}/rotate`, {}),
  {
    operation: 'facts of a key',
    writes: true,
    name: 'facts of a key',
    async run({ see }, { account, things }) {
      const [{ id, key: secret }] = things.keys
      see(await findKeyFacts(env, id))
      see(await isKnownKey(env, id, hashKey(secret)))
      see(await isKnownKey(env, id, TWIN_HASH))
      await noteKeyUse(env, account.id, id, Date.now())
    },
  },
]

const EVERYTHING_AGAIN = { since: '2020-01-01' }
const second: Path = ({ things }) => `webhooks/${things.deaf.id}`

const WEBHOOKS: Deed[] = [
  ...reads('listWebhooks', ['admin'], 'webhooks', ['', '?per_page=1&page=2']),
  ...reads('getWebhook', ['admin'], hook),
  write('createWebhook', 'admin', 'POST', 'webhooks', { url: 'https://new.example.com/', events: ['*'] }),
  write('updateWebhook', 'admin', 'PATCH', hook, { url: 'https://moved.example.com/', description: 'New' }),
  write('updateWebhook', 'admin', 'PATCH', hook, { active: false }),
  write('updateWebhook', 'admin', 'PATCH', hook, { events: ['user.created'] }),
  write('updateWebhook', 'admin', 'PATCH', ({ things }) => `webhooks/${things.idle.id}`, { active: true }),
  write('deleteWebhook', 'admin', 'DELETE', hook),
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

const LIMITS: Deed[] = [
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

const AFTER_A_SWEEP: Deed = {
  operation: 'listEvents',
  writes: true,
  name: 'listEvents from a cursor of before a sweep',
  async run({ ask }, { account }) {
    const { pagination } = JSON.parse((await ask('agent', 'GET', 'events?per_page=1')).body)
    await env.DB.prepare('DELETE FROM events WHERE account_id = ? AND sequence < 4').bind(account.id).run()
    await ask('agent', 'GET', `events?cursor=${pagination.next_cursor}`)
  },
}

/** The storage fails behind the intents, which must be taken back. */
const FAILING: Deed[] = [
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

const message = (accountId: string) => ({
  id: 'a message',
  body: { account_id: accountId },
  ack: () => undefined,
  retry: () => undefined,
})

const BACKGROUND: Deed[] = [
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

/** All deeds, each under a name of its own. */
export const DEEDS: Deed[] = [
  ...TICKETS,
  ...PARTS,
  ...PEOPLE,
  ...KEYS,
  ...WEBHOOKS,
  ...LIMITS,
  AFTER_A_SWEEP,
  ...FAILING,
  ...BACKGROUND,
].map((deed, index, all) => {
  const before = all.slice(0, index).filter(({ name }) => name === deed.name).length
  return { ...deed, name: before === 0 ? deed.name : `${deed.name} (${before + 1})` }
})
