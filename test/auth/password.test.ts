import { beforeEach, describe, expect, it } from 'vitest'
import { users } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import {
  type Account,
  createTestAccount,
  createTestMember,
  createTestToken,
  type Member,
  type TestResponse,
} from '../helpers/api'
import { execute } from '../helpers/database'
import { FULL_HASH, hashesDuring } from '../helpers/hashing'
import { callAs, detailsOf } from '../helpers/tickets'
import { cheapHash, logIn, NO_LOGIN, readStatuses, storedUser } from '../helpers/users'

const OLD = 'correct horse'
const NEW = 'another horse 🐴'

let account: Account
let jane: Member
let second: string

beforeEach(async () => {
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(OLD) })
  second = await createTestToken(account.id, jane.id, 'customer')
})

const change = (by: Member, current_password: unknown, new_password: unknown) =>
  callAs(by, 'POST', 'auth/password', { current_password, new_password })

describe('POST /auth/password', () => {
  it('S05 is 204: the caller’s token lives, every other dies at once, the new password logs in', async () => {
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    const response = await change(jane, OLD, NEW)
    expect([response.status, response.text]).toEqual([204, ''])
    expect(await readStatuses(jane.token, second, account.customer.token)).toEqual([200, 401, 200])
    expect((await logIn(jane.email, OLD)).text).toBe(NO_LOGIN)
    const login = await logIn(jane.email, NEW)
    expect(await readStatuses(login.body.token, jane.token)).toEqual([200, 200])
    expect((await storedUser(jane.id)).password_hash).toMatch(FULL_HASH)
  })

  it('works twice with one token, and ends what logged in between', async () => {
    expect((await change(jane, OLD, NEW)).status).toBe(204)
    const between = (await logIn(jane.email, NEW)).body.token
    expect((await change(jane, NEW, 'a third horse')).status).toBe(204)
    expect(await readStatuses(jane.token, second, between)).toEqual([200, 401, 401])
    expect((await logIn(jane.email, 'a third horse')).status).toBe(200)
  })

  it('spares the one token that last changed it, and not the one before', async () => {
    expect((await change(jane, OLD, NEW)).status).toBe(204)
    const between: Member = { ...jane, token: (await logIn(jane.email, NEW)).body.token }
    expect((await change(between, NEW, OLD)).status).toBe(204)
    expect(await readStatuses(between.token, jane.token)).toEqual([200, 401])
  })

  it('with a wrong current password is 401 invalid_credentials, without new hashing, and nothing changes', async () => {
    const before = await storedUser(jane.id)
    const responses: TestResponse[] = []
    const hashes = await hashesDuring(async () => responses.push(await change(jane, 'wrong horse', NEW)))
    expect([responses[0]?.status, responses[0]?.text, hashes]).toEqual([401, NO_LOGIN, 1])
    expect(await storedUser(jane.id)).toEqual(before)
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
  })

  it('counts a wrong current password as a failed login, and a right one not', async () => {
    const wrong = 'wrong horse'
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await change(jane, wrong, NEW)).status).toBe(401)
      expect((await logIn(jane.email, wrong)).status).toBe(401)
    }
    const responses: TestResponse[] = []
    const hashes = await hashesDuring(async () => {
      responses.push(await logIn(jane.email, OLD), await change(jane, OLD, NEW))
    })
    expect([responses.map((response) => response.status), hashes]).toEqual([[429, 429], 0])
    expect(responses.map((response) => response.body.error.message)).toEqual(
      Array(2).fill('The limit of 10 failed logins for one email in 15 minutes is reached'),
    )
    expect(await readStatuses(jane.token)).toEqual([200])
  })

  it('of two at once with one right password, the later is told that it no longer holds', async () => {
    const responses = await Promise.all([
      change(jane, OLD, NEW),
      change({ ...jane, token: second }, OLD, 'third horse'),
    ])
    expect(responses.map((response) => response.status).sort()).toEqual([204, 401])
    const winner = responses[0]?.status === 204 ? [jane.token, second, NEW] : [second, jane.token, 'third horse']
    expect(await readStatuses(winner[0] ?? '', winner[1] ?? '')).toEqual([200, 401])
    expect((await logIn(jane.email, winner[2] ?? '')).status).toBe(200)
  })

  it('lets only one of two concurrent changes with the same token succeed', async () => {
    const responses = await Promise.all([change(jane, OLD, NEW), change(jane, OLD, 'third horse')])
    const [loser] = responses.filter(({ status }) => status !== 204)
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 401])
    expect(loser?.text).toBe(NO_LOGIN)
    const current = responses[0]?.status === 204 ? NEW : 'third horse'
    expect((await logIn(jane.email, current)).status).toBe(200)
  })

  it('S05 of somebody who was deactivated a moment ago, which their object has not heard, is 401 and sets nothing', async () => {
    expect(await readStatuses(jane.token)).toEqual([200])
    await execute(update(users, { status: 'inactive', tokenVersion: 2 }, sql`${users.id} = ${jane.id}`))
    const before = await storedUser(jane.id)
    const response = await change(jane, OLD, NEW)
    expect([response.status, response.body.error.code]).toEqual([401, 'unauthorized'])
    expect(await storedUser(jane.id)).toEqual(before)
  })

  it('of somebody who has no password is 401', async () => {
    expect((await change(account.customer, OLD, NEW)).text).toBe(NO_LOGIN)
  })

  it('is 403 for an API key', async () => {
    const { key } = (await callAs(account.admin, 'POST', 'api-keys', { name: 'A key', role: 'admin' })).body.data
    expect(detailsOf(await change({ ...account.admin, token: key }, OLD, NEW), 403, 'forbidden')).toEqual([])
  })

  it.each([
    ['no current one', undefined, NEW, ['current_password']],
    ['an empty current one', '', NEW, ['current_password']],
    ['no new one', OLD, undefined, ['new_password']],
    ['7 characters', OLD, 'x'.repeat(7), ['new_password']],
    ['7 emoji', OLD, '😀'.repeat(7), ['new_password']],
    ['129 characters', OLD, 'x'.repeat(129), ['new_password']],
    ['5,000 characters', OLD, 'x'.repeat(5_000), ['new_password']],
    ['5,000 characters as the current one', 'x'.repeat(5_000), NEW, ['current_password']],
    ['a control character', OLD, 'eight\u0000chars', ['new_password']],
    ['a number', OLD, 12_345_678, ['new_password']],
  ])('S03 with %s is 400 before any hashing', async (_name, current, next, fields) => {
    const before = await storedUser(jane.id)
    const hashes = await hashesDuring(async () => {
      const details = detailsOf(await change(jane, current, next), 400, 'invalid_input')
      expect(details.map((entry) => entry.field)).toEqual(fields)
    })
    expect(hashes).toBe(0)
    expect(await storedUser(jane.id)).toEqual(before)
  })
})
