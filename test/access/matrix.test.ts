import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { newId } from '../../src/lib/ids'
import { type Account, call, createTicket, type Member, mintAccount, mintMember, rows } from '../helpers/api'
import { type Key, mintKey } from '../helpers/credentials'
import { fetchFile } from '../helpers/files'
import { type Operation, operations } from '../helpers/operations'
import { ask, commented } from '../helpers/tickets'

/** A body that each operation with an ID and a body would accept, so that only the ID stands in its way. */
const BODIES: Record<string, unknown> = {
  updateTicket: { title: 'Taken over' },
  createComment: { content: 'Taken over' },
  updateUser: { name: 'Taken over' },
  setPassword: { password: 'taken over by B' },
  rotateApiKey: { grace_seconds: 0 },
}

/** How an ID of nothing looks, by the name that it has in a path. */
const PREFIXES: Record<string, 'ticket' | 'user' | 'key'> = { ticket_id: 'ticket', user_id: 'user', key_id: 'key' }

const ADMINS_ALONE = new Set(['deactivateUser', 'setPassword', 'deleteApiKey', 'rotateApiKey'])
const PEOPLE_ALONE = new Set(['deleteApiKey', 'rotateApiKey'])

/** Whether the operation's own role check, before anything is looked up, lets the actor through. */
function passes(operation: string, actor: string): boolean {
  if (PEOPLE_ALONE.has(operation) && actor.endsWith('key')) return false
  if (ADMINS_ALONE.has(operation)) return actor.startsWith('admin')
  // Agents may read everybody, and so are told that they may change none but themselves.
  if (operation === 'updateUser') return !actor.startsWith('agent')
  return operation !== 'deleteTicket' || actor !== 'customer'
}

let a: Account
let things: Record<string, string[]>
let actors: [string, string][]
let withId: Operation[]

beforeAll(async () => {
  a = await mintAccount()
  const b = await mintAccount()
  const tickets = [await createTicket(a.customer), await createTicket(a.admin)]
  await commented(a.agent, tickets[0].id, { is_internal: true })
  const keys: Key[] = [await mintKey(a), await mintKey(a, { role: 'admin' })]
  const people: Member[] = [a.admin, a.agent, a.customer, await mintMember(a.id, 'agent', { status: 'inactive' })]
  things = {
    ticket_id: tickets.map((ticket) => ticket.id),
    user_id: [...people, ...keys].map((member) => member.id),
    key_id: keys.map((key) => key.id),
  }
  actors = [
    ['admin', b.admin.token],
    ['agent', b.agent.token],
    ['customer', b.customer.token],
    ['agent key', (await mintKey(b)).key],
    ['admin key', (await mintKey(b, { role: 'admin' })).key],
  ]
  withId = (await operations()).filter((operation) => operation.path.includes('{'))
})
afterEach(() => {
  vi.restoreAllMocks()
})

const placeholders = (path: string) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')

function filled(path: string, name: string, id: string): string {
  return path.replace(`{${name}}`, id).slice(1)
}

async function attempt(operation: Operation, token: string, path: string) {
  const body = BODIES[operation.operationId]
  const answer = await call(operation.method, path, { token, ...(body !== undefined && { body }) })
  const headers = [...answer.headers]
    .map(([name, value]) => [name, /request-id|server-timing|ratelimit|d1-bookmark/.test(name) ? '…' : value].join(': '))
    .join('\n')
  return { status: answer.status, bytes: `${headers}\n\n${answer.text}` }
}

/** All that is kept of an account's people, keys and tickets. */
async function stored(account: Account): Promise<string> {
  const tables = ['users', 'api_keys', 'tickets', 'comments', 'ticket_history', 'logins']
  const kept: unknown[] = [await rows('SELECT sequence, data FROM events WHERE account_id = ?', account.id)]
  for (const table of tables) kept.push(await rows(`SELECT * FROM ${table} WHERE account_id = ?`, account.id))
  return JSON.stringify(kept)
}

describe('S07 the matrix of every route with an ID × every actor of B', () => {
  it('S07 names a real thing of A for every ID, and a body for every route that wants one', () => {
    expect(withId.length).toBeGreaterThanOrEqual(11)
    for (const { path, name, hasBody, operationId } of withId) {
      expect(placeholders(path), name).toHaveLength(1)
      for (const placeholder of placeholders(path)) {
        expect(things[placeholder], `${name} needs a thing of A for its ${placeholder}`).toBeTruthy()
        expect(PREFIXES[placeholder], `${name} needs the form of a ${placeholder}`).toBeTruthy()
      }
      if (hasBody) expect(BODIES, `${name} needs a body`).toHaveProperty(operationId)
    }
  })

  it('S07 every answer is a 404 (403 where the role is refused first), the same bytes as for nothing at all', async () => {
    const before = await stored(a)
    const touched: string[] = []
    const original = env.RATE_LIMITER.getByName.bind(env.RATE_LIMITER)
    vi.spyOn(env.RATE_LIMITER, 'getByName').mockImplementation((name) => {
      touched.push(name)
      return original(name)
    })
    let attempts = 0
    for (const operation of withId)
      for (const [actor, token] of actors)
        for (const placeholder of placeholders(operation.path)) {
          const prefix = PREFIXES[placeholder]
          if (!prefix) throw new Error(`no form of ${placeholder}`)
          const nothing = await attempt(
            operation,
            token,
            filled(operation.path, placeholder, newId(prefix, Date.now())),
          )
          const expected = passes(operation.operationId, actor) ? 404 : 403
          expect(nothing.status, `${actor}: ${operation.name} of nothing`).toBe(expected)
          for (const id of things[placeholder] ?? []) {
            const answer = await attempt(operation, token, filled(operation.path, placeholder, id))
            expect(answer, `${actor}: ${operation.name} of ${id}`).toEqual(nothing)
            attempts += 1
          }
        }
    expect(attempts).toBeGreaterThanOrEqual(withId.length * actors.length * 2)
    expect(touched.filter((name) => name.includes(a.id))).toEqual([])
    expect(await stored(a)).toBe(before)
  }, 60_000)

  it('S07 the same routes do reach a thing of A for its own admin, so that the 404s are B’s', async () => {
    const ok: Record<string, number> = {}
    for (const operation of withId) {
      const [placeholder = ''] = placeholders(operation.path)
      const id = await sacrifice(placeholder)
      ok[operation.name] = (await attempt(operation, a.admin.token, filled(operation.path, placeholder, id))).status
    }
    for (const [name, status] of Object.entries(ok)) expect([200, 201, 204], name).toContain(status)
  })
})

/** A thing of A that a route may change or end. */
async function sacrifice(placeholder: string): Promise<string> {
  if (placeholder === 'ticket_id') return (await createTicket(a.customer)).id
  if (placeholder === 'key_id') return (await mintKey(a)).id
  return (await mintMember(a.id, 'customer')).id
}

describe('S07 one account’s IDs in what another asks', () => {
  it('S07 a file’s address is good for its own file alone', async () => {
    const file = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }
    const [mine, theirs] = await Promise.all(
      [a, await mintAccount()].map(
        async (account) => (await createTicket(account.agent, { attachments: [file] })).attachments[0],
      ),
    )
    const swapped = mine.url.replace(mine.id, theirs.id)
    const nobody = mine.url.replace(mine.id, newId('attach', Date.now()))
    const answers = [await fetchFile(swapped), await fetchFile(nobody)]
    expect(answers.map((answer) => answer.status)).toEqual([403, 403])
    expect(answers[0]?.bytes).toEqual(answers[1]?.bytes)
    expect((await fetchFile(mine.url)).status).toBe(200)
  })

  it('S08 in filters find nothing, in fields are 422 as unknown ones are', async () => {
    const b = await mintAccount()
    await createTicket(b.customer)
    for (const id of [...(things.user_id ?? []), 'user_unknown']) {
      for (const filter of ['created_by', 'assigned_to']) {
        const list = await ask(b.agent, 'GET', `tickets?${filter}=${id}`)
        expect([list.status, list.body.data, list.body.pagination.total]).toEqual([200, [], 0])
      }
      for (const field of ['created_by', 'assigned_to']) {
        const body = { title: 'T', description: 'D', [field]: id }
        const answer = await ask(b.agent, 'POST', 'tickets', body)
        expect([answer.status, answer.text.includes(id)]).toEqual([422, false])
      }
    }
  })
})
