import { beforeAll, describe, expect, it } from 'vitest'
import {
  type Account,
  type Answer,
  call,
  createTicket,
  type Member,
  mintAccount,
  mintMember,
  rows,
} from '../helpers/api'
import { mintKey } from '../helpers/credentials'
import { upload } from '../helpers/files'
import { operations } from '../helpers/operations'
import { ask } from '../helpers/tickets'
import { deliveriesOf, freshUrl, type Hook, mintWebhook } from '../helpers/webhooks'

let account: Account
let hook: Hook
let deliveryId: string
let ticketId: string
let person: Member
let keyId: string
let commentId: string
let attachmentId: string

beforeAll(async () => {
  account = await mintAccount()
})

type Write = [by: () => Member, method: string, path: () => string, body?: () => unknown]

const admin = () => account.admin
const agent = () => account.agent

/** A deed for every operation that takes a key: a new one needs a row here. */
const WRITES: Record<string, Write | ((headers: Record<string, string>) => Promise<Answer>)> = {
  'POST /tickets/{ticket_id}/attachments': (headers) => upload(account.agent, ticketId, { headers }),
  'PATCH /account': [admin, 'PATCH', () => 'account', () => ({ name: 'Another' })],
  'POST /users': [admin, 'POST', () => 'users', () => ({ name: 'New', email: 'new@example.com' })],
  'PATCH /users/me': [agent, 'PATCH', () => 'users/me', () => ({ name: 'Another' })],
  'PATCH /users/{user_id}': [admin, 'PATCH', () => `users/${person.id}`, () => ({ role: 'agent', name: 'Other' })],
  'DELETE /users/{user_id}': [admin, 'DELETE', () => `users/${person.id}`],
  'POST /users/{user_id}/password': [
    admin,
    'POST',
    () => `users/${person.id}/password`,
    () => ({ password: 'a new one' }),
  ],
  'POST /api-keys': [admin, 'POST', () => 'api-keys', () => ({ name: 'A key' })],
  'DELETE /api-keys/{key_id}': [admin, 'DELETE', () => `api-keys/${keyId}`],
  'POST /api-keys/{key_id}/rotate': [admin, 'POST', () => `api-keys/${keyId}/rotate`, () => ({})],
  'POST /tickets': [agent, 'POST', () => 'tickets', () => ({ title: 'New', description: 'Text' })],
  'PATCH /tickets/{ticket_id}': [
    agent,
    'PATCH',
    () => `tickets/${ticketId}`,
    () => ({ status: 'resolved', add_tags: ['x'] }),
  ],
  'DELETE /tickets/{ticket_id}': [agent, 'DELETE', () => `tickets/${ticketId}`],
  'POST /tickets/{ticket_id}/comments': [agent, 'POST', () => `tickets/${ticketId}/comments`, () => ({ content: 'C' })],
  'DELETE /tickets/{ticket_id}/comments/{comment_id}': [
    agent,
    'DELETE',
    () => `tickets/${ticketId}/comments/${commentId}`,
  ],
  'DELETE /tickets/{ticket_id}/attachments/{attachment_id}': [
    agent,
    'DELETE',
    () => `tickets/${ticketId}/attachments/${attachmentId}`,
  ],
  'POST /webhooks': [admin, 'POST', () => 'webhooks', () => ({ url: 'https://hooks.example.com/new', events: ['*'] })],
  'PATCH /webhooks/{webhook_id}': [admin, 'PATCH', () => `webhooks/${hook.id}`, () => ({ description: 'Other' })],
  'DELETE /webhooks/{webhook_id}': [admin, 'DELETE', () => `webhooks/${hook.id}`],
  'POST /webhooks/{webhook_id}/rotate-secret': [admin, 'POST', () => `webhooks/${hook.id}/rotate-secret`],
  'POST /webhooks/{webhook_id}/test': [admin, 'POST', () => `webhooks/${hook.id}/test`],
  'POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver': [
    admin,
    'POST',
    () => `webhooks/${hook.id}/deliveries/${deliveryId}/redeliver`,
  ],
  'POST /webhooks/{webhook_id}/replay': [
    admin,
    'POST',
    () => `webhooks/${hook.id}/replay`,
    () => ({ since: '2020-01-01' }),
  ],
}

/** All that is kept of the account but the records of keys, and what the queue does meanwhile. */
async function stored(): Promise<string> {
  const tables = ['users', 'api_keys', 'tickets', 'comments', 'ticket_history', 'events', 'attachments', 'replays']
  const kept = await Promise.all(
    tables.map((table) => rows(`SELECT * FROM ${table} WHERE account_id = ? ORDER BY 1, 2, 3`, account.id)),
  )
  const webhooks = await rows(
    'SELECT id, url, events, description, active, secret, deleted_at FROM webhooks WHERE account_id = ?',
    account.id,
  )
  return JSON.stringify([kept, webhooks])
}

async function prepare(): Promise<void> {
  const ticket = await createTicket(account.customer, {
    attachments: [{ filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }],
  })
  ticketId = ticket.id
  attachmentId = ticket.attachments[0].id
  commentId = (await ask(account.agent, 'POST', `tickets/${ticketId}/comments`, { content: 'C' })).body.data.id
  person = await mintMember(account.id, 'customer')
  keyId = (await mintKey(account)).id
  hook = await mintWebhook(account, { url: freshUrl() })
  expect((await ask(account.admin, 'POST', `webhooks/${hook.id}/test`)).status).toBe(202)
  deliveryId = (await deliveriesOf(account, hook))[0].id
}

describe('every operation that takes an Idempotency-Key', () => {
  it('is in the table: a new one needs a row here', async () => {
    const all = (await operations()).filter(
      ({ method, path, isPublic }) => method !== 'GET' && !path.startsWith('/auth/') && !isPublic,
    )
    expect(Object.keys(WRITES).toSorted()).toEqual(all.map(({ name }) => name).toSorted())
  })

  it.each(Object.entries(WRITES))('%s is done once, and answers again what it answered', async (name, write) => {
    await prepare()
    const headers = { 'Idempotency-Key': `of ${name}` }
    const send = (): Promise<Answer> => {
      if (typeof write === 'function') return write(headers)
      const [by, method, path, body] = write
      return call(method, path(), { token: by().token, headers, ...(body && { body: body() }) })
    }
    const first = await send()
    expect([200, 201, 202, 204], first.text).toContain(first.status)
    expect(first.headers.get('Idempotent-Replayed')).toBeNull()
    const before = await stored()
    const again = await send()
    expect([again.status, again.text]).toEqual([first.status, first.text])
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(await stored()).toBe(before)
  })
})
