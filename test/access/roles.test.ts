import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { issueToken } from '../../src/access/tokens'
import { configOf } from '../../src/core/config'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { errorLinks } from '../helpers/errors'
import { API_OPERATIONS, type ApiOperation, accessOf, byId } from '../helpers/operations'
import { fillPath, missingIds, type PathIds } from '../helpers/path-ids'
import { prepareRequest, sendAs } from '../helpers/sample-requests'
import { DELETABLE, deleteSeeded, seedIds } from '../helpers/seeded-ids'
import { callAs } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'
import { ACTORS, type Actor, allowedActors, FORBIDDEN_BY_SERVICE } from './actors'

const BAD = ['nobody', 'ended key', 'expired token', 'given-back token', 'deactivated'] as const

const OF_TICKETS = /ticket_id|attachment_id/
const KINDS = ['own', 'foreign', 'missing', 'deleted'] as const

let account: Account
let members: Record<Actor, { id: string; token: () => Promise<string> }>
let stranger: Member
let bad: Record<(typeof BAD)[number], string | undefined>
let foreign: PathIds
let deleted: PathIds

beforeAll(async () => {
  silenceQueue()
  account = await createTestAccount()
  const keys = {
    agent: await createTestKey(account),
    admin: await createTestKey(account, { role: 'admin' }),
    ended: await createTestKey(account),
  }
  // Each request has a member of its own, so that none is rate limited.
  const withToken = (member: Member) => ({ id: member.id, token: async () => member.token })
  members = {
    admin: withToken(account.admin),
    agent: withToken(account.agent),
    customer: withToken(account.customer),
    'admin key': { id: keys.admin.id, token: async () => keys.admin.key },
    'agent key': { id: keys.agent.id, token: async () => keys.agent.key },
  }
  stranger = account.stranger
  const { id, token: revoked } = await createTestMember(account.id, 'admin')
  await callAs(account.admin, 'DELETE', `api-keys/${keys.ended.id}`)
  await call('POST', 'auth/logout', { token: revoked })
  const claims = { sub: id, acc: account.id, role: 'admin', gen: 1 } as const
  bad = {
    nobody: undefined,
    'ended key': keys.ended.key,
    'expired token': (await issueToken(claims, configOf(env).keys.tokens, Date.now() - 120_000, 60)).token,
    'given-back token': revoked,
    deactivated: (await createTestMember(account.id, 'admin', { status: 'inactive' })).token,
  }
  const other = await createTestAccount()
  const [ofOther] = await seedIds(other, [other.agent.id])
  const [seeded] = await seedIds(account, [account.agent.id])
  if (!ofOther || !seeded) throw new Error('nothing was seeded')
  await deleteSeeded(account, seeded)
  foreign = ofOther
  deleted = seeded
})

async function statusOf(operation: ApiOperation, token: string | undefined, ids: PathIds): Promise<number> {
  if (operation.pathIds.length > 0) return (await sendAs(token, await prepareRequest(operation, account, ids))).status
  const options = { token, address: freshIpAddress(), ...(operation.hasBody && { body: {} }) }
  return (await call(operation.method, fillPath(operation, ids), options)).status
}

/** With missing IDs, so that every caller who passes the role check gets the same response. */
const pathOf = (operation: ApiOperation) => fillPath(operation, missingIds())

/** `done` means success. */
function expected(
  operation: ApiOperation,
  actor: Actor | 'another customer',
  kind: (typeof KINDS)[number],
): number | 'done' {
  const role = actor === 'another customer' ? 'customer' : actor
  if (!allowedActors(operation)?.includes(role)) return 403
  if (kind !== 'own') return 404
  return actor === 'another customer' && OF_TICKETS.test(operation.path) ? 404 : 'done'
}

const inShort = (status: number) => (status < 300 ? 'done' : status)

describe('who may call an operation, by the OpenAPI document', () => {
  it('is said of every operation, and agrees with the credentials it asks for', () => {
    for (const operation of API_OPERATIONS) {
      const { roles, apiKeys } = accessOf(operation)
      const acceptsApiKeys = operation.security.length > 1
      const credentials = operation.isPublic ? [true, true] : [false, acceptsApiKeys]
      expect([roles === null, apiKeys], `${operation.name}: its description and its security differ`).toEqual(
        credentials,
      )
    }
  })

  it('without a credential every route but the public ones is 401, with the one body', async () => {
    for (const operation of API_OPERATIONS) {
      const options = { address: freshIpAddress(), ...(operation.hasBody && { body: {} }) }
      const response = await call(operation.method, pathOf(operation), options)
      if (operation.isPublic) {
        expect(response.status, operation.name).toBe(400)
        continue
      }
      expect(response.status, operation.name).toBe(401)
      expect(response.headers.get('WWW-Authenticate'), operation.name).toMatch(/^Bearer/)
      expect(response.body.error).toEqual({
        code: 'unauthorized',
        message: 'Authentication required: send Authorization: Bearer <token or API key>',
        details: [],
        ...errorLinks('unauthorized', response),
      })
    }
  })

  const guarded = API_OPERATIONS.filter(({ isPublic }) => !isPublic)
  it.each(byId(guarded))('S07 %s is closed to whoever has no good credential', async (_, operation) => {
    const [own = missingIds()] = operation.pathIds.length > 0 ? await seedIds(account, [account.agent.id]) : []
    const statuses = await Promise.all(BAD.map((caller) => statusOf(operation, bad[caller], own)))
    expect(Object.fromEntries(BAD.map((caller, index) => [caller, statuses[index]]))).toEqual(
      Object.fromEntries(BAD.map((caller) => [caller, 401])),
    )
  })

  const withoutIds = guarded.filter(({ pathIds }) => pathIds.length === 0)
  it.each(byId(withoutIds))('S07 %s lets in by role those whom it names, and nobody else', async (_, operation) => {
    const statuses: Record<string, number> = {}
    for (const actor of ACTORS) {
      const token = actor.endsWith('key')
        ? await members[actor].token()
        : (await createTestMember(account.id, roleOf(actor))).token
      statuses[actor] = await statusOf(operation, token, missingIds())
      expect([operation.successStatus, 400, 403], actor).toContain(statuses[actor])
    }
    const allowed = ACTORS.filter((actor) => statuses[actor] !== 403)
    expect(allowed).toEqual(allowedActors(operation))
  })

  const withIds = guarded.filter(({ pathIds }) => pathIds.length > 0)
  it.each(byId(withIds))(
    'S07 %s reaches what is there for those whom it names, and for nobody else; not what is foreign, missing or deleted',
    async (_, operation) => {
      const targets = [
        ...ACTORS.map((actor) => [actor, members[actor].id] as const),
        ['another customer', stranger.id] as const,
      ]
      const sets = await seedIds(
        account,
        targets.map(([, id]) => id),
      )
      const found: Record<string, Record<string, number | string>> = {}
      const wanted: typeof found = {}
      for (const [index, [actor]] of targets.entries()) {
        const token = actor === 'another customer' ? stranger.token : await members[actor].token()
        const own = ownOf(operation, actor, sets[index] ?? missingIds())
        const ids = { own, foreign, missing: missingIds(), deleted }
        const kinds = KINDS.filter(
          (kind) => kind !== 'deleted' || DELETABLE.some((name) => operation.pathIds.includes(name)),
        )
        const statuses = await Promise.all(kinds.map((kind) => statusOf(operation, token, ids[kind])))
        found[actor] = Object.fromEntries(kinds.map((kind, at) => [kind, inShort(statuses[at] ?? 0)]))
        wanted[actor] = Object.fromEntries(kinds.map((kind) => [kind, expected(operation, actor, kind)]))
      }
      const advice = 'a role that the guard lets in, but not the service, belongs to test/access/actors.ts'
      expect(found, advice).toEqual(wanted)
    },
  )

  it('refuses a role before it looks at what was sent', async () => {
    for (const operation of guarded) {
      if (operation.operationId in FORBIDDEN_BY_SERVICE) continue
      for (const actor of ACTORS.filter((candidate) => !allowedActors(operation)?.includes(candidate))) {
        const token = await members[actor].token()
        const options = operation.hasBody ? { token, body: '{', headers: { 'Content-Type': 'text/plain' } } : { token }
        const response = await call(operation.method, `${pathOf(operation)}?unknown=1`, options)
        expect(response.status, `${actor}: ${operation.name}`).toBe(403)
      }
    }
  })
})

function roleOf(actor: Actor): Member['role'] {
  return actor === 'admin' || actor === 'agent' ? actor : 'customer'
}

function ownOf({ pathIds }: ApiOperation, actor: Actor | 'another customer', set: PathIds): PathIds {
  if (!pathIds.includes('user_id')) return set
  if (actor === 'customer') return { ...set, user_id: account.customer.id }
  return actor === 'another customer' ? { ...set, user_id: stranger.id } : set
}
