import { beforeAll, describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids'
import { freshAddress } from '../helpers/addresses'
import { type Account, call, mintAccount, mintMember } from '../helpers/api'
import { mintKey } from '../helpers/credentials'
import { type Operation, operations } from '../helpers/operations'

const ACTORS = ['admin', 'agent', 'customer', 'admin key', 'agent key'] as const
type Actor = (typeof ACTORS)[number]

const PEOPLE: readonly Actor[] = ['admin', 'agent', 'customer']
const STAFF: readonly Actor[] = ['admin', 'agent', 'admin key', 'agent key']
const ADMINS: readonly Actor[] = ['admin', 'admin key']

/** Who may do what, as contract 3 and 4 have it. A new route needs a row. */
const MAY: Record<string, readonly Actor[] | 'public'> = {
  'POST /auth/login': 'public',
  'POST /auth/register': 'public',
  'POST /accounts': 'public',
  'POST /auth/logout': PEOPLE,
  'POST /auth/password': PEOPLE,
  'GET /account': ADMINS,
  'PATCH /account': ADMINS,
  'GET /users': STAFF,
  'POST /users': ADMINS,
  'GET /users/me': PEOPLE,
  'PATCH /users/me': PEOPLE,
  'GET /users/{user_id}': ACTORS,
  'PATCH /users/{user_id}': ['admin', 'customer', 'admin key'],
  'DELETE /users/{user_id}': ADMINS,
  'POST /users/{user_id}/password': ADMINS,
  'GET /api-keys': ['admin'],
  'POST /api-keys': ['admin'],
  'DELETE /api-keys/{key_id}': ['admin'],
  'POST /api-keys/{key_id}/rotate': ['admin'],
  'GET /tickets': ACTORS,
  'POST /tickets': ACTORS,
  'GET /tickets/stats': ACTORS,
  'GET /tickets/export': STAFF,
  'GET /tickets/{ticket_id}': ACTORS,
  'PATCH /tickets/{ticket_id}': ACTORS,
  'DELETE /tickets/{ticket_id}': STAFF,
  'GET /tickets/{ticket_id}/comments': ACTORS,
  'POST /tickets/{ticket_id}/comments': ACTORS,
  'DELETE /tickets/{ticket_id}/comments/{comment_id}': STAFF,
  'GET /tickets/{ticket_id}/attachments': ACTORS,
  'POST /tickets/{ticket_id}/attachments': ACTORS,
  'DELETE /tickets/{ticket_id}/attachments/{attachment_id}': STAFF,
  'GET /attachments/{attachment_id}': ACTORS,
  'GET /tickets/{ticket_id}/history': STAFF,
  'GET /events': STAFF,
  'GET /webhooks': ADMINS,
  'POST /webhooks': ADMINS,
  'GET /webhooks/{webhook_id}': ADMINS,
  'PATCH /webhooks/{webhook_id}': ADMINS,
  'DELETE /webhooks/{webhook_id}': ADMINS,
  'POST /webhooks/{webhook_id}/rotate-secret': ADMINS,
  'POST /webhooks/{webhook_id}/test': ADMINS,
  'POST /webhooks/{webhook_id}/replay': ADMINS,
  'GET /webhooks/{webhook_id}/deliveries': ADMINS,
  'GET /webhooks/{webhook_id}/deliveries/{delivery_id}': ADMINS,
  'POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver': ADMINS,
}

/** Bodies that get past the checks of form to those of role and of what is there; for the rest an empty one is enough. */
const BODIES: Record<string, unknown> = {
  'PATCH /users/{user_id}': { name: 'Another' },
  'PATCH /users/me': { name: 'Another' },
}

let account: Account
let tokens: Record<Actor, () => Promise<string>>
let all: Operation[]

beforeAll(async () => {
  account = await mintAccount()
  const keys = { agent: await mintKey(account), admin: await mintKey(account, { role: 'admin' }) }
  const fresh = async (role: 'admin' | 'agent' | 'customer') => (await mintMember(account.id, role)).token
  tokens = {
    admin: () => fresh('admin'),
    agent: () => fresh('agent'),
    customer: () => fresh('customer'),
    'admin key': async () => keys.admin.key,
    'agent key': async () => keys.agent.key,
  }
  all = await operations()
})

/** The path with IDs of nothing, which everybody gets past the role check with alike. */
function pathOf({ path }: Operation): string {
  return path.slice(1).replace(/\{(\w+)_id\}/g, (_, kind) => newId(kind, Date.now()))
}

describe('the table of who may', () => {
  it('has a row for every route, and no other', () => {
    expect(Object.keys(MAY).toSorted()).toEqual(all.map((operation) => operation.name).toSorted())
    const open = all.filter((operation) => operation.isPublic).map((operation) => operation.name)
    expect(open.toSorted()).toEqual(
      Object.keys(MAY)
        .filter((name) => MAY[name] === 'public')
        .toSorted(),
    )
  })

  it('without a credential every route but the public ones is 401, with the one body', async () => {
    for (const operation of all) {
      const options = { address: freshAddress(), ...(operation.hasBody && { body: {} }) }
      const answer = await call(operation.method, pathOf(operation), options)
      if (operation.isPublic) {
        expect(answer.status, operation.name).toBe(400)
        continue
      }
      expect(answer.status, operation.name).toBe(401)
      expect(answer.headers.get('WWW-Authenticate'), operation.name).toMatch(/^Bearer/)
      expect(answer.text).toBe(
        '{"error":{"code":"unauthorized","message":"A valid credential is required","details":[]}}',
      )
    }
  })

  it('lets in by role those whom it names, and nobody else', async () => {
    const found: Record<string, Actor[] | 'public'> = {}
    for (const operation of all) {
      const lets: Actor[] = []
      for (const actor of ACTORS) {
        const body = operation.hasBody ? (BODIES[operation.name] ?? {}) : undefined
        const token = await tokens[actor]()
        const answer = await call(operation.method, pathOf(operation), {
          token,
          address: freshAddress(),
          ...(body !== undefined && { body }),
        })
        expect([200, 204, 400, 403, 404], `${actor}: ${operation.name}`).toContain(answer.status)
        if (answer.status !== 403) lets.push(actor)
      }
      found[operation.name] = operation.isPublic ? 'public' : lets
    }
    const expected = Object.entries(MAY).map(([name, who]) => [name, who === 'public' ? who : who.toSorted()])
    const actual = Object.entries(found).map(([name, who]) => [name, who === 'public' ? who : who.toSorted()])
    expect(Object.fromEntries(actual)).toEqual(Object.fromEntries(expected))
  }, 60_000)

  it('refuses a role before it looks at what was sent', async () => {
    for (const operation of all) {
      const may = MAY[operation.name] ?? []
      if (may === 'public' || operation.name === 'PATCH /users/{user_id}') continue
      for (const actor of ACTORS.filter((candidate) => !may.includes(candidate))) {
        const token = await tokens[actor]()
        const options = operation.hasBody ? { token, body: '{', headers: { 'Content-Type': 'text/plain' } } : { token }
        const answer = await call(operation.method, `${pathOf(operation)}?unknown=1`, options)
        expect(answer.status, `${actor}: ${operation.name}`).toBe(403)
      }
    }
  }, 60_000)
})
