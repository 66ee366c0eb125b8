import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom, insertSelect, update } from '../../src/db/write'
import { type Account, API, call, createTestAccount, createTestMember } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { execute, prepare, rows } from '../helpers/database'
import { dice } from '../helpers/ticket-model'
import { callAs, detailsOf, getOk } from '../helpers/tickets'
import { expectWalksBothWays } from '../helpers/walks'

interface UserBody {
  id: string
  name: string
  email: string
  role: string
  status: string
}

let account: Account
let other: Account

beforeAll(async () => {
  account = await createTestAccount()
  other = await createTestAccount()
  await createTestMember(account.id, 'customer', { name: 'Zoë 100% Off', email: 'zoe.percent@example.com' })
  await createTestMember(account.id, 'customer', { name: 'under_score', email: 'u_s@example.com' })
  await createTestMember(account.id, 'customer', { name: 'undermscore', email: 'ums@example.com' })
  await createTestMember(account.id, 'agent', { name: "Idle O'Brien", email: 'idle@example.com', status: 'inactive' })
  await createTestMember(other.id, 'agent', { name: 'Foreign Agent', email: 'foreign@example.com' })
})

const list = (query = '', token = account.agent.token) => call('GET', `users${query}`, { token })
const names = async (query: string) => (await list(query)).body.data.map((user: UserBody) => user.name)
const ALL = ['Admin', 'Agent', 'Customer', 'Stranger', 'Zoë 100% Off', 'under_score', 'undermscore', "Idle O'Brien"]

describe('GET /users', () => {
  it('finds exactly one email, in any case of its ASCII letters', async () => {
    expect(await names('?email=U_S@Example.com')).toEqual(['under_score'])
    expect(await names('?email=s@example.com')).toEqual([])
    expect(await names('?email=foreign@example.com')).toEqual([])
    expect((await list('?email=nonsense')).body.error.details[0].message).toBe('Email must be a valid email address')
  })

  it('has the fields of the reference, key for key', async () => {
    const own = await createTestAccount()
    await execute(
      update(
        users,
        { createdAt: Date.UTC(2024, 11, 1), lastLoginAt: Date.UTC(2025, 4, 3, 8, 15, 0, 999) },
        sql`${users.id} = ${own.admin.id}`,
      ),
    )
    const response = await list('', own.admin.token)
    expect(response.status).toBe(200)
    expect(Object.keys(response.body)).toEqual(['data', 'pagination'])
    const reference = {
      id: own.admin.id,
      name: 'Admin',
      email: own.admin.email,
      role: 'admin',
      status: 'active',
      created_at: '2024-12-01T00:00:00Z',
      last_login_at: '2025-05-03T08:15:00Z',
      email_verified: true,
    }
    expect(response.body.data[0]).toEqual(reference)
    expect(Object.keys(response.body.data[0])).toEqual(Object.keys(reference))
    expect(response.body.data[1].last_login_at).toBeNull()
    expect(response.body.pagination).toEqual({
      total: 4,
      per_page: 20,
      current_page: 1,
      last_page: 1,
      next_page_url: null,
      prev_page_url: null,
    })
  })

  it('lists every user of the account, oldest first, and none of another account', async () => {
    expect((await names('')).sort()).toEqual([...ALL].sort())
    const response = await list('', other.admin.token)
    expect(response.body.pagination.total).toBe(5)
    for (const user of response.body.data) expect(ALL.slice(4)).not.toContain(user.name)
  })

  it('contains no API key, and no hash', async () => {
    const own = await createTestAccount()
    await execute(update(users, { passwordHash: 'scrypt$secret' }, sql`${users.id} = ${own.stranger.id}`))
    const { id } = await createTestKey(own)
    for (const query of ['', '?role=agent', '?status=active', '?cursor=', `?q=${id}`, `?email=${id}@keys.invalid`]) {
      const response = await list(query, own.agent.token)
      expect(response.status).toBe(200)
      expect(response.text).not.toMatch(/scrypt|generation|account_id|key_/)
    }
    const total = async (query: string) => (await list(query, own.agent.token)).body.pagination.total
    expect([await total(''), await total('?role=agent'), await total(`?q=${id}`)]).toEqual([4, 1, 0])
  })

  it('is available to admins and agents only', async () => {
    expect((await list('', account.admin.token)).status).toBe(200)
    const rejected = await list('', account.customer.token)
    expect([rejected.status, rejected.body.error.code]).toEqual([403, 'forbidden'])
    expect((await list('?q=Admin', account.customer.token)).text).toBe(rejected.text)
  })
})

describe('the filters of GET /users', () => {
  it('are role and status, alone or combined', async () => {
    expect(await names('?role=admin')).toEqual(['Admin'])
    expect((await names('?role=agent')).sort()).toEqual(['Agent', "Idle O'Brien"])
    expect(await names('?status=inactive')).toEqual(["Idle O'Brien"])
    expect(await names('?role=agent&status=active')).toEqual(['Agent'])
    expect(await names('?role=admin&status=inactive')).toEqual([])
    expect((await list('?role=customer')).body.pagination.total).toBe(5)
  })

  it.each(['role=root', 'role=', 'role=admin,agent', 'role=Admin', 'status=gone', 'status=', 'role=admin&role=agent'])(
    'return 400 for %s',
    async (query) => {
      expect((await list(`?${query}`)).status).toBe(400)
    },
  )

  it('find text in name or email with q, in any case', async () => {
    expect(await names('?q=zo%C3%AB')).toEqual(['Zoë 100% Off'])
    expect(await names('?q=OFF')).toEqual(['Zoë 100% Off'])
    expect(await names('?q=ZOE.PERCENT@Example.com')).toEqual(['Zoë 100% Off'])
    expect(await names('?q=nobody-at-all')).toEqual([])
  })

  it('S14 read %, _ and quotes in q as text', async () => {
    expect(await names('?q=%25')).toEqual(['Zoë 100% Off'])
    expect(await names('?q=r_s')).toEqual(['under_score'])
    expect(await names("?q=O'B")).toEqual(["Idle O'Brien"])
    for (const text of ["' OR 1=1 --", '*', '\\', '"', '%%', '😀', '_'.repeat(200), '; DROP TABLE users'])
      expect(await names(`?q=${encodeURIComponent(text)}`)).toEqual([])
  })

  it('find no user of another account with q', async () => {
    expect(await names('?q=Foreign')).toEqual([])
    expect(await names(`?q=${other.admin.email}`)).toEqual([])
    expect((await list('?q=foreign@example.com')).body.pagination.total).toBe(0)
  })
})

describe('the pages of GET /users', () => {
  it('contain each user once, and keep the filters in their URLs', async () => {
    const seen: string[] = []
    let path: string | null = `${API}/users?per_page=2&role=customer`
    let pages = 0
    while (path && pages < 10) {
      const response = await call('GET', path, { token: account.agent.token })
      expect(response.body.data.length).toBeLessThanOrEqual(2)
      expect(response.body.pagination).toMatchObject({ total: 5, per_page: 2, last_page: 3, current_page: pages + 1 })
      seen.push(...response.body.data.map((user: UserBody) => user.id))
      path = response.body.pagination.next_page_url
      if (path) expect(path).toContain('role=customer')
      pages += 1
    }
    expect([pages, seen.length, new Set(seen).size]).toEqual([3, 5, 5])
  })

  it('are empty past the end, and lead back', async () => {
    const response = await list('?page=99&per_page=5')
    expect([response.status, response.body.data]).toEqual([200, []])
    expect(response.body.pagination).toMatchObject({ total: 8, current_page: 99, last_page: 2, next_page_url: null })
    expect(response.body.pagination.prev_page_url).toBe(`${API}/users?page=2&per_page=5`)
    expect(response.headers.get('Link')).toContain('rel="prev"')
    expect(response.headers.get('Link')).not.toContain('rel="next"')
  })

  it('have at most 100 users', async () => {
    expect((await list('?per_page=100')).status).toBe(200)
    expect((await list('?per_page=101')).status).toBe(400)
  })
})

describe('C07 GET /users by cursor', () => {
  let own: Account
  const die = dice(3)

  beforeAll(async () => {
    own = await createTestAccount()
    await join(60)
  })

  /** Many users share a creation time. */
  async function join(count: number) {
    await env.DB.batch(
      Array.from({ length: count }, () => {
        const id = `user_${crypto.randomUUID()}`
        const email = `${id}@example.com`
        return prepare(
          insertSelect(users, {
            accountId: own.id,
            id,
            kind: 'person',
            name: 'Person',
            email,
            emailNormalized: email,
            role: die.pick(['admin', 'agent', 'customer']),
            status: die.pick(['active', 'inactive']),
            tokenVersion: 1,
            createdAt: die.below(9),
            foldedName: 'person',
            foldedEmail: email,
          }),
        )
      }),
    )
  }

  it.each([
    ['', sql`true`],
    ['role=customer', sql`${users.role} = 'customer'`],
    ['status=inactive', sql`${users.status} = 'inactive'`],
    ['role=agent&status=active', sql`${users.role} = 'agent' AND ${users.status} = 'active'`],
    ['q=PERSON', sql`${users.name} = 'Person'`],
  ])('C07 %s: returns each user once, forwards and backwards', async (query, condition) => {
    const present = () =>
      rows(
        select(
          { id: users.id },
          sql`FROM ${users} WHERE ${users.accountId} = ${own.id} AND ${condition}
          ORDER BY ${users.createdAt}, ${users.id}`,
        ),
      )
    await expectWalksBothWays(own.agent, `users?${query}&per_page=7`, present, async (standing, before) => {
      await join(3)
      const deletedIds = JSON.stringify([...(die.chance(0.5) ? [standing] : []), ...die.some(2, before)])
      await execute(
        deleteFrom(
          users,
          sql`${users.name} = 'Person' AND ${users.id} IN (SELECT value FROM json_each(${deletedIds}))`,
        ),
      )
    })
  })

  it('rejects a cursor of other filters, of another account, and together with a page', async () => {
    const cursorOf = async (query: string, by = own.agent): Promise<string> =>
      (await getOk(by, `users?${query}&per_page=1&cursor=`)).body.pagination.next_cursor
    const any = await cursorOf('')
    for (const [query, field] of [
      [`role=agent&cursor=${any}`, 'cursor'],
      [`cursor=${await cursorOf('role=agent')}`, 'cursor'],
      [`cursor=${await cursorOf('', account.agent)}`, 'cursor'],
      [`cursor=${any.slice(4)}`, 'cursor'],
      [`cursor=${any}&page=2`, 'page'],
    ])
      expect(detailsOf(await callAs(own.agent, 'GET', `users?${query}`), 400, 'invalid_input')[0]?.field, query).toBe(
        field,
      )
    const { body } = await getOk(own.admin, `users?cursor=${any}`)
    expect(body.data).toHaveLength(20)
    expect(JSON.parse(Buffer.from(body.pagination.prev_cursor, 'base64url').toString())[1]).toEqual({
      towards: 'prev',
      place: { id: body.data[0].id, at: expect.any(Number) },
    })
  })
})
