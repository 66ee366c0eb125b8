import { env } from 'cloudflare:workers'
import { freshAddress } from './addresses'
import { type Account, type Answer, call, createTicket, type Member, mintMember } from './api'
import { mintKey } from './credentials'
import { files } from './files'
import { cheapHash } from './people'
import { ask, commented } from './tickets'
import { freshUrl, type Hook, mintWebhook } from './webhooks'

/** A request that does what its operation is for. */
export interface Deed {
  /** Who asks; null for public operations. */
  by: Member | null
  /** Without the prefix. */
  path: string
  method: string
  body?: unknown
  headers?: Record<string, string>
  /** For what is counted by address. */
  address?: string
}

/** What a deed is done with or to, made for it alone. */
type Prepare = (account: Account) => Promise<Omit<Deed, 'method'>>

export const PASSWORD = 'a good password'

const ticketOf = (account: Account) => createTicket(account.customer, files('a.txt', 'b.txt'))
const people = (account: Account) => mintMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
const joining = () => ({ name: 'New', email: `${crypto.randomUUID()}@example.com`, password: PASSWORD })

async function hookWithDelivery(account: Account): Promise<{ hook: Hook; deliveryId: string }> {
  const hook = await mintWebhook(account)
  return { hook, deliveryId: (await ask(account.admin, 'POST', `webhooks/${hook.id}/test`)).body.data.id }
}

const OPERATIONS: Record<string, Prepare> = {
  'POST /auth/login': async (account) => {
    const { email } = await people(account)
    return { by: null, path: 'auth/login', body: { email, password: PASSWORD }, address: freshAddress() }
  },
  'POST /auth/register': async ({ slug, id }) => {
    await env.DB.prepare('UPDATE accounts SET allow_registration = 1 WHERE id = ?').bind(id).run()
    return { by: null, path: 'auth/register', body: { account: slug, ...joining() }, address: freshAddress() }
  },
  'POST /auth/logout': async (account) => ({ by: await people(account), path: 'auth/logout' }),
  'POST /auth/password': async (account) => ({
    by: await people(account),
    path: 'auth/password',
    body: { current_password: PASSWORD, new_password: 'another one' },
  }),
  'POST /accounts': async () => ({
    by: null,
    path: 'accounts',
    body: { account_name: 'New', ...joining() },
    address: freshAddress(),
  }),
  'GET /account': async ({ admin }) => ({ by: admin, path: 'account' }),
  'PATCH /account': async ({ admin }) => ({ by: admin, path: 'account', body: { name: 'Another' } }),
  'GET /users': async ({ agent }) => ({ by: agent, path: 'users?q=a&role=agent' }),
  'POST /users': async ({ admin }) => ({ by: admin, path: 'users', body: { ...joining(), password: undefined } }),
  'GET /users/me': async ({ customer }) => ({ by: customer, path: 'users/me' }),
  'PATCH /users/me': async (account) => ({
    by: await people(account),
    path: 'users/me',
    body: { email: joining().email, current_password: PASSWORD, name: 'Another' },
  }),
  'GET /users/{user_id}': async ({ agent, customer }) => ({ by: agent, path: `users/${customer.id}` }),
  'PATCH /users/{user_id}': async (account) => ({
    by: account.admin,
    path: `users/${(await people(account)).id}`,
    body: { role: 'agent', email: joining().email },
  }),
  'DELETE /users/{user_id}': async (account) => ({ by: account.admin, path: `users/${(await people(account)).id}` }),
  'POST /users/{user_id}/password': async (account) => ({
    by: account.admin,
    path: `users/${(await people(account)).id}/password`,
    body: { password: 'another one' },
  }),
  'GET /api-keys': async ({ admin }) => ({ by: admin, path: 'api-keys' }),
  'POST /api-keys': async ({ admin }) => ({ by: admin, path: 'api-keys', body: { name: 'A key' } }),
  'DELETE /api-keys/{key_id}': async (account) => ({
    by: account.admin,
    path: `api-keys/${(await mintKey(account)).id}`,
  }),
  'POST /api-keys/{key_id}/rotate': async (account) => ({
    by: account.admin,
    path: `api-keys/${(await mintKey(account)).id}/rotate`,
    body: {},
  }),
  'GET /tickets': async ({ agent }) => ({ by: agent, path: 'tickets?q=title&status=open&sort=priority' }),
  'POST /tickets': async ({ customer }) => ({
    by: customer,
    path: 'tickets',
    body: { title: 'New', description: 'Text', ...files('a.txt', 'b.txt') },
  }),
  'GET /tickets/stats': async ({ customer }) => ({ by: customer, path: 'tickets/stats' }),
  'GET /tickets/export': async ({ agent }) => ({ by: agent, path: 'tickets/export?q=nowhere' }),
  'GET /tickets/{ticket_id}': async (account) => ({
    by: account.customer,
    path: `tickets/${(await ticketOf(account)).id}`,
  }),
  'PATCH /tickets/{ticket_id}': async (account) => ({
    by: account.customer,
    path: `tickets/${(await ticketOf(account)).id}`,
    body: { status: 'closed', add_tags: ['x'] },
  }),
  'DELETE /tickets/{ticket_id}': async (account) => ({
    by: account.agent,
    path: `tickets/${(await ticketOf(account)).id}`,
  }),
  'GET /tickets/{ticket_id}/comments': async (account) => ({
    by: account.customer,
    path: `tickets/${(await ticketOf(account)).id}/comments`,
  }),
  'POST /tickets/{ticket_id}/comments': async (account) => ({
    by: account.customer,
    path: `tickets/${(await ticketOf(account)).id}/comments`,
    body: { content: 'A comment', ...files('c.txt') },
  }),
  'DELETE /tickets/{ticket_id}/comments/{comment_id}': async (account) => {
    const { id } = await ticketOf(account)
    const comment = await commented(account.agent, id, files('c.txt'))
    return { by: account.agent, path: `tickets/${id}/comments/${comment.id}` }
  },
  'GET /tickets/{ticket_id}/attachments': async (account) => ({
    by: account.customer,
    path: `tickets/${(await ticketOf(account)).id}/attachments`,
  }),
  'POST /tickets/{ticket_id}/attachments': async (account) => ({
    by: account.customer,
    path: `tickets/${(await ticketOf(account)).id}/attachments?filename=a.txt`,
    body: 'abc',
    headers: { 'Content-Type': 'text/plain' },
  }),
  'DELETE /tickets/{ticket_id}/attachments/{attachment_id}': async (account) => {
    const { id, attachments } = await ticketOf(account)
    return { by: account.agent, path: `tickets/${id}/attachments/${attachments[0].id}` }
  },
  'GET /attachments/{attachment_id}': async (account) => ({
    by: account.customer,
    path: `attachments/${(await ticketOf(account)).attachments[0].id}`,
  }),
  'GET /tickets/{ticket_id}/history': async (account) => ({
    by: account.agent,
    path: `tickets/${(await ticketOf(account)).id}/history`,
  }),
  'GET /events': async ({ agent }) => ({ by: agent, path: 'events?event=ticket.created' }),
  'GET /webhooks': async ({ admin }) => ({ by: admin, path: 'webhooks' }),
  'POST /webhooks': async ({ admin }) => ({ by: admin, path: 'webhooks', body: { url: freshUrl(), events: ['*'] } }),
  'GET /webhooks/{webhook_id}': ofHook(''),
  'PATCH /webhooks/{webhook_id}': ofHook('', () => ({ url: freshUrl(), description: 'Another' })),
  'DELETE /webhooks/{webhook_id}': ofHook(''),
  'POST /webhooks/{webhook_id}/rotate-secret': ofHook('/rotate-secret'),
  'POST /webhooks/{webhook_id}/test': ofHook('/test'),
  'POST /webhooks/{webhook_id}/replay': ofHook('/replay', () => ({ since: '2020-01-01' })),
  'GET /webhooks/{webhook_id}/deliveries': ofHook('/deliveries?status=pending&event=webhook.test'),
  'GET /webhooks/{webhook_id}/deliveries/{delivery_id}': ofDelivery(''),
  'POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver': ofDelivery('/redeliver'),
}

function ofHook(path: string, body?: () => unknown): Prepare {
  return async (account) => {
    const { id } = await mintWebhook(account)
    return { by: account.admin, path: `webhooks/${id}${path}`, ...(body && { body: body() }) }
  }
}

function ofDelivery(path: string): Prepare {
  return async (account) => {
    const { hook, deliveryId } = await hookWithDelivery(account)
    return { by: account.admin, path: `webhooks/${hook.id}/deliveries/${deliveryId}${path}` }
  }
}

/** Every operation that there is a deed for: a new one needs its own. */
export const DEEDS = Object.keys(OPERATIONS)

/** Whether a request for the operation may bring an idempotency key. */
export function takesKey(name: string): boolean {
  return !/^GET |\/auth\/|POST \/accounts$/.test(name)
}

/** Makes what a deed of the operation is done to, and gives the deed. */
export async function prepare(name: string, account: Account): Promise<Deed> {
  const make = OPERATIONS[name]
  if (!make) throw new Error(`no deed for ${name}`)
  return { method: name.split(' ')[0] ?? '', ...(await make(account)) }
}

/** Sends a deed, with an idempotency key if one is given. */
export function perform(deed: Deed, key?: string): Promise<Answer> {
  const { by, method, path, body, headers, address } = deed
  return call(method, path, {
    token: by?.token,
    headers: { ...headers, ...(key !== undefined && { 'Idempotency-Key': key }) },
    ...(body !== undefined && { body }),
    ...(address !== undefined && { address }),
  })
}
