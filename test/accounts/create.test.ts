import { beforeEach, describe, expect, it, vi } from 'vitest'
import { slugOf } from '../../src/accounts/slug'
import { alias } from '../../src/db/alias'
import { accounts as accountsTable } from '../../src/db/schema/accounts'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { freshIpAddress } from '../helpers/addresses'
import { call, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { row, rows } from '../helpers/database'
import { hashesDuring } from '../helpers/hashing'
import { eventsOf } from '../helpers/tickets'
import { logIn, post } from '../helpers/users'

const a = alias(accountsTable, 'a')
const t = alias(tickets, 't')

const OPEN = { ALLOW_SIGNUP: 'true' }

let made = 0
let body: { account_name: string; name: string; email: string; password: string }

beforeEach(() => {
  made += 1
  body = {
    account_name: `Initech ${made}`,
    name: 'Jo Ruiz',
    email: `jo${made}@initech.example`,
    password: 'correct horse',
  }
})

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
const accounts = async () => (await row(select({ n: sql<number>`count(*)` }, sql`FROM ${accountsTable}`)))?.n

describe('POST /accounts', () => {
  it('returns 403 by default, before any hashing, and creates nothing', async () => {
    const before = await accounts()
    const responses: { status: number; body: { error: { code: string } } }[] = []
    const hashes = await hashesDuring(async () => {
      responses.push(await call('POST', 'accounts', { body, address: freshIpAddress() }))
      responses.push(await post({ ALLOW_SIGNUP: 'false' }, 'accounts', body))
    })
    for (const response of responses) expect([response.status, response.body.error.code]).toEqual([403, 'forbidden'])
    expect([hashes, await accounts()]).toEqual([0, before])
  })

  it('creates a standard account with closed registration and its first admin, whose token works', async () => {
    const response = await post(OPEN, 'accounts', { ...body, name: '  Jo Ruiz ', email: ` ${body.email} ` })
    expect(response.status, response.text).toBe(201)
    const { token, expires_at, user } = response.body
    expect(Object.keys(response.body)).toEqual(['token', 'expires_at', 'user'])
    expect(user).toEqual({ id: expect.stringMatching(/^user_/), name: 'Jo Ruiz', email: body.email, role: 'admin' })
    expect(Date.parse(expires_at)).toBe(claimsOf(token).exp * 1_000)
    const account = await call('GET', 'account', { token })
    expect(account.body.data).toMatchObject({
      id: claimsOf(token).acc,
      name: body.account_name,
      slug: `initech-${made}`,
      plan: 'standard',
      allow_registration: false,
    })
    const me = await call('GET', 'users/me', { token })
    expect(me.body.data).toMatchObject({ id: user.id, role: 'admin', status: 'active', email_verified: false })
    expect(me.body.data.last_login_at).toBe(me.body.data.created_at)
    expect((await call('GET', 'users', { token })).body.pagination.total).toBe(1)
  })

  it('emits no event, and numbers tickets and events from one', async () => {
    const { token, user } = (await post(OPEN, 'accounts', body)).body
    const { acc } = claimsOf(token)
    expect(await eventsOf(acc)).toEqual([])
    const ticket = await createTicket({ ...user, token })
    const numbered = await row(
      select({ number: tickets.number }, sql`FROM ${tickets} WHERE ${tickets.id} = ${ticket.id}`),
    )
    expect(numbered?.number).toBe(1)
    expect((await eventsOf(acc)).map((event) => event.sequence)).toEqual([1])
  })

  it('is not later than other writes in the account, even with a clock that is behind', async () => {
    stopClock()
    const { token, user } = (await post(OPEN, 'accounts', body)).body
    advanceClock(-5_000)
    const { id } = await createTicket({ ...user, token })
    const found = await row(
      select(
        { account: a.createdAt, ticket: t.createdAt },
        sql`FROM ${t} JOIN ${a} ON ${a.id} = ${t.accountId} WHERE ${t.id} = ${id}`,
      ),
    )
    expect(found?.ticket).toBeGreaterThanOrEqual(found?.account ?? Number.NaN)
    vi.useRealTimers()
  }, 20_000)

  it('lets the admin log in with the password, also if another account has the email', async () => {
    const first = await post(OPEN, 'accounts', body)
    const again = await post(OPEN, 'accounts', { ...body, password: 'another horse' })
    expect([first.status, again.status]).toEqual([201, 201])
    const slug = `initech-${made}`
    expect((await logIn(body.email, body.password, { account: slug })).body.user).toEqual(first.body.user)
    const stored = await rows(
      select(
        { slug: accountsTable.slug, id: accountsTable.id },
        sql`FROM ${accountsTable} WHERE ${accountsTable.name} = ${body.account_name}`,
      ),
    )
    const other = stored.find((account) => account.slug !== slug)
    expect(other?.slug).toBe(`${slug}-${other?.id.slice(-8)}`)
    expect((await logIn(body.email, 'another horse', { account: other?.slug ?? '' })).body.user).toEqual(
      again.body.user,
    )
    expect((await logIn(body.email, body.password)).body.user).toEqual(first.body.user)
  })

  it('allows five requests per hour and IP address, then rejects before hashing', async () => {
    const address = freshIpAddress()
    const responses = await Promise.all(
      Array.from({ length: 5 }, (_, index) =>
        post(OPEN, 'accounts', { ...body, email: `five${index}@x.example` }, address),
      ),
    )
    expect(responses.map((response) => response.status)).toEqual([201, 201, 201, 201, 201])
    expect(new Set(responses.map((response) => claimsOf(response.body.token).acc)).size).toBe(5)
    const hashes = await hashesDuring(async () => responses.push(await post(OPEN, 'accounts', body, address)))
    const rejected = responses.at(-1)
    expect([rejected?.status, rejected?.body.error.code, hashes]).toEqual([429, 'rate_limited', 0])
    expect(rejected?.body.error.message).toBe('The limit of 5 registrations per hour from one IP address is reached')
    const wait = Number(rejected?.headers.get('Retry-After'))
    expect(wait).toBeGreaterThan(3_500)
    expect(wait).toBeLessThanOrEqual(3_600)
    const slugs = await rows(
      select(
        { slug: accountsTable.slug },
        sql`FROM ${accountsTable} WHERE ${accountsTable.name} = ${body.account_name}`,
      ),
    )
    expect(new Set(slugs.map(({ slug }) => slug)).size).toBe(5)
  })

  it.each([
    [{}, ['account_name', 'email', 'name', 'password']],
    [{ account_name: '', name: ' ', email: 'x', password: '1234567' }, ['account_name', 'email', 'name', 'password']],
    [
      { account_name: 'x'.repeat(101), name: 'x'.repeat(101), email: 'a@b.c', password: '12345678' },
      ['account_name', 'name'],
    ],
    [{ account_name: 'A', name: 'B', email: 'a@b.c', password: '12345678', plan: 'premium' }, ['plan']],
    [
      { account_name: 'A', name: 'B', email: 'a@b.c', password: '12345678', slug: 'acme', role: 'agent' },
      ['role', 'slug'],
    ],
    [{ account_name: 1, name: ['B'], email: null, password: 12345678 }, ['account_name', 'email', 'name', 'password']],
  ])('rejects %j with 400, and does not count it', async (bad, fields) => {
    const address = freshIpAddress()
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const response = await post(OPEN, 'accounts', bad, address)
      expect([response.status, response.body.error.code]).toEqual([400, 'invalid_input'])
      expect(response.body.error.details.map((entry: { field: string }) => entry.field).sort()).toEqual(fields)
    }
  })
})

describe('the slug of a name', () => {
  it.each([
    ['Initech', 'initech'],
    ['  Müller & Söhne  ', 'muller-sohne'],
    ['Crème Brûlée, Inc.', 'creme-brulee-inc'],
    ['ＡＣＭＥ ２', 'acme-2'],
    ["'; DROP TABLE accounts --", 'drop-table-accounts'],
    ['株式会社', 'account'],
    ['🦄', 'account'],
    ['---', 'account'],
    [`${'x'.repeat(39)} y`, 'x'.repeat(39)],
    ['x'.repeat(100), 'x'.repeat(40)],
  ])('for %j is %s', (name, slug) => {
    expect(slugOf(name)).toBe(slug)
  })

  it('works without letters, also a second time', async () => {
    const names = ['株式会社', '🦄']
    const slugs = []
    for (const account_name of names) {
      const { token } = (await post(OPEN, 'accounts', { ...body, account_name })).body
      const { data } = (await call('GET', 'account', { token })).body
      expect(data.name).toBe(account_name)
      slugs.push(data.slug)
    }
    expect(slugs).toEqual(['account', expect.stringMatching(/^account-[a-z0-9]{8}$/)])
  })
})
