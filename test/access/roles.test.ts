import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { issueToken } from '../../src/access/tokens'
import { configOf } from '../../src/core/config'
import { freshAddress } from '../helpers/addresses'
import { type Account, call, type Member, mintAccount, mintMember } from '../helpers/api'
import { mintKey } from '../helpers/credentials'
import { type Operation, operations } from '../helpers/operations'
import { ask } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'
import { BODIES, QUERIES } from './bodies'
import { deleteSet, nothing, seedSets, type ThingSet } from './sets'

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

/** Those whose credential is none, or none any more. */
const BAD = ['nobody', 'ended key', 'expired token', 'given-back token', 'deactivated'] as const

/** What can be deleted, so that nothing is there any more. */
const CAN_BE_DELETED = /ticket_id|comment_id|attachment_id|webhook_id|delivery_id/
const OF_TICKETS = /ticket_id|attachment_id/
const KINDS = ['own', 'foreign', 'missing', 'deleted'] as const

/** Every operation at once, for a test for each: the document itself is a test of its own. */
const all = await operations()

let account: Account
let members: Record<Actor, { id: string; token: () => Promise<string> }>
let stranger: Member
let bad: Record<(typeof BAD)[number], string | undefined>
let foreign: ThingSet
let deleted: ThingSet

beforeAll(async () => {
  silenceQueue()
  account = await mintAccount()
  const keys = {
    agent: await mintKey(account),
    admin: await mintKey(account, { role: 'admin' }),
    ended: await mintKey(account),
  }
  // Each call has a member of its own, so that none runs into a limit.
  const person = (member: Member) => ({ id: member.id, token: async () => member.token })
  members = {
    admin: person(account.admin),
    agent: person(account.agent),
    customer: person(account.customer),
    'admin key': { id: keys.admin.id, token: async () => keys.admin.key },
    'agent key': { id: keys.agent.id, token: async () => keys.agent.key },
  }
  stranger = account.stranger
  const { id, token: givenBack } = await mintMember(account.id, 'admin')
  await ask(account.admin, 'DELETE', `api-keys/${keys.ended.id}`)
  await call('POST', 'auth/logout', { token: givenBack })
  const claims = { sub: id, acc: account.id, role: 'admin', gen: 1 } as const
  bad = {
    nobody: undefined,
    'ended key': keys.ended.key,
    'expired token': (await issueToken(claims, configOf(env).keys.tokens, Date.now() - 120_000, 60)).token,
    'given-back token': givenBack,
    deactivated: (await mintMember(account.id, 'admin', { status: 'inactive' })).token,
  }
  const other = await mintAccount()
  const [ofOther] = await seedSets(other, [other.agent.id])
  const [gone] = await seedSets(account, [account.agent.id])
  if (!ofOther || !gone) throw new Error('nothing was seeded')
  await deleteSet(account, gone)
  foreign = ofOther
  deleted = gone
})

function fill(path: string, ids: ThingSet): string {
  return path.slice(1).replace(/\{(\w+)\}/g, (_, name) => Reflect.get(ids, name))
}

async function statusOf(operation: Operation, token: string | undefined, ids: ThingSet): Promise<number> {
  const body = operation.hasBody ? (BODIES[operation.operationId] ?? {}) : undefined
  const path = `${fill(operation.path, ids)}${QUERIES[operation.operationId] ?? ''}`
  const options = { token, address: freshAddress(), ...(body !== undefined && { body }) }
  return (await call(operation.method, path, options)).status
}

/** The path with IDs of nothing, which everybody gets past the role check with alike. */
const pathOf = ({ path }: Operation) => fill(path, nothing())

/** What somebody is told by the tables above: in short, whether they reach it. */
function expected(
  operation: Operation,
  actor: Actor | 'another customer',
  kind: (typeof KINDS)[number],
): number | 'done' {
  const role = actor === 'another customer' ? 'customer' : actor
  const may = MAY[operation.name] ?? []
  if (may !== 'public' && !may.includes(role)) return 403
  if (kind !== 'own') return 404
  return actor === 'another customer' && OF_TICKETS.test(operation.path) ? 404 : 'done'
}

/** Numbers that say no, and `done` for all that says that the deed was done. */
const inShort = (status: number) => (status < 300 ? 'done' : status)

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

  const guarded = all.filter(({ isPublic }) => !isPublic)
  it.each(guarded.map((operation) => [operation.operationId, operation] as const))(
    'S07 %s is closed to whoever has no good credential',
    async (_, operation) => {
      const [own = nothing()] = operation.path.includes('{') ? await seedSets(account, [account.agent.id]) : []
      const statuses = await Promise.all(BAD.map((who) => statusOf(operation, bad[who], own)))
      expect(Object.fromEntries(BAD.map((who, index) => [who, statuses[index]]))).toEqual(
        Object.fromEntries(BAD.map((who) => [who, 401])),
      )
    },
  )

  const withoutIds = guarded.filter(({ path }) => !path.includes('{'))
  it.each(withoutIds.map((operation) => [operation.operationId, operation] as const))(
    'S07 %s lets in by role those whom it names, and nobody else',
    async (_, operation) => {
      const statuses: Record<string, number> = {}
      for (const actor of ACTORS) {
        const token = actor.endsWith('key')
          ? await members[actor].token()
          : (await mintMember(account.id, roleOf(actor))).token
        statuses[actor] = await statusOf(operation, token, nothing())
        expect([200, 204, 400, 403], actor).toContain(statuses[actor])
      }
      const lets = ACTORS.filter((actor) => statuses[actor] !== 403)
      expect(lets).toEqual(ACTORS.filter((actor) => MAY[operation.name]?.includes(actor)))
    },
  )

  const withIds = guarded.filter(({ path }) => path.includes('{'))
  it.each(withIds.map((operation) => [operation.operationId, operation] as const))(
    'S07 %s reaches what is there for those whom it names, and for nobody else; not what is foreign, missing or deleted',
    async (_, operation) => {
      const people = [
        ...ACTORS.map((actor) => [actor, members[actor].id] as const),
        ['another customer', stranger.id] as const,
      ]
      const sets = await seedSets(
        account,
        people.map(([, id]) => id),
      )
      const found: Record<string, Record<string, number | string>> = {}
      const wanted: typeof found = {}
      for (const [index, [actor]] of people.entries()) {
        const token = actor === 'another customer' ? stranger.token : await members[actor].token()
        const own = ownOf(operation, actor, sets[index] ?? nothing())
        const ids = { own, foreign, missing: nothing(), deleted }
        const kinds = KINDS.filter((kind) => kind !== 'deleted' || CAN_BE_DELETED.test(operation.path))
        const statuses = await Promise.all(kinds.map((kind) => statusOf(operation, token, ids[kind])))
        found[actor] = Object.fromEntries(kinds.map((kind, at) => [kind, inShort(statuses[at] ?? 0)]))
        wanted[actor] = Object.fromEntries(kinds.map((kind) => [kind, expected(operation, actor, kind)]))
      }
      expect(found).toEqual(wanted)
    },
  )

  it('refuses a role before it looks at what was sent', async () => {
    for (const operation of all) {
      const may = MAY[operation.name] ?? []
      if (may === 'public' || operation.name === 'PATCH /users/{user_id}') continue
      for (const actor of ACTORS.filter((candidate) => !may.includes(candidate))) {
        const token = await members[actor].token()
        const options = operation.hasBody ? { token, body: '{', headers: { 'Content-Type': 'text/plain' } } : { token }
        const answer = await call(operation.method, `${pathOf(operation)}?unknown=1`, options)
        expect(answer.status, `${actor}: ${operation.name}`).toBe(403)
      }
    }
  })
})

function roleOf(actor: Actor): Member['role'] {
  return actor === 'admin' || actor === 'agent' ? actor : 'customer'
}

/** Of people, customers reach nobody but themselves. */
function ownOf({ path }: Operation, actor: Actor | 'another customer', set: ThingSet): ThingSet {
  if (!path.includes('{user_id}')) return set
  if (actor === 'customer') return { ...set, user_id: account.customer.id }
  return actor === 'another customer' ? { ...set, user_id: stranger.id } : set
}
