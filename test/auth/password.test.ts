import { beforeEach, describe, expect, it } from 'vitest'
import {
  type Account,
  type Answer,
  createTestAccount,
  createTestMember,
  createTestToken,
  type Member,
  rows,
} from '../helpers/api'
import { FULL_HASH, hashesDuring } from '../helpers/hashing'
import { ask, detailsOf } from '../helpers/tickets'
import { cheapHash, liveness, logIn, NO_LOGIN, storedUser } from '../helpers/users'

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
  ask(by, 'POST', 'auth/password', { current_password, new_password })

describe('POST /auth/password', () => {
  it('S05 is 204: the caller’s token lives, every other dies at once, the new password logs in', async () => {
    expect(await liveness(jane.token, second)).toEqual([200, 200])
    const answer = await change(jane, OLD, NEW)
    expect([answer.status, answer.text]).toEqual([204, ''])
    expect(await liveness(jane.token, second, account.customer.token)).toEqual([200, 401, 200])
    expect((await logIn(jane.email, OLD)).text).toBe(NO_LOGIN)
    const login = await logIn(jane.email, NEW)
    expect(await liveness(login.body.token, jane.token)).toEqual([200, 200])
    expect((await storedUser(jane.id)).password_hash).toMatch(FULL_HASH)
  })

  it('works twice with one token, and ends what logged in between', async () => {
    expect((await change(jane, OLD, NEW)).status).toBe(204)
    const between = (await logIn(jane.email, NEW)).body.token
    expect((await change(jane, NEW, 'a third horse')).status).toBe(204)
    expect(await liveness(jane.token, second, between)).toEqual([200, 401, 401])
    expect((await logIn(jane.email, 'a third horse')).status).toBe(200)
  })

  it('spares the one token that last changed it, and not the one before', async () => {
    expect((await change(jane, OLD, NEW)).status).toBe(204)
    const between: Member = { ...jane, token: (await logIn(jane.email, NEW)).body.token }
    expect((await change(between, NEW, OLD)).status).toBe(204)
    expect(await liveness(between.token, jane.token)).toEqual([200, 401])
  })

  it('with a wrong current password is 401 invalid_credentials, without new hashing, and nothing changes', async () => {
    const before = await storedUser(jane.id)
    const answers: Answer[] = []
    const hashes = await hashesDuring(async () => answers.push(await change(jane, 'wrong horse', NEW)))
    expect([answers[0]?.status, answers[0]?.text, hashes]).toEqual([401, NO_LOGIN, 1])
    expect(await storedUser(jane.id)).toEqual(before)
    expect(await liveness(jane.token, second)).toEqual([200, 200])
  })

  it('counts a wrong current password as a failed login, and a right one not', async () => {
    const wrong = 'wrong horse'
    for (let attempt = 0; attempt < 5; attempt += 1) {
      expect((await change(jane, wrong, NEW)).status).toBe(401)
      expect((await logIn(jane.email, wrong)).status).toBe(401)
    }
    const answers: Answer[] = []
    const hashes = await hashesDuring(async () => {
      answers.push(await logIn(jane.email, OLD), await change(jane, OLD, NEW))
    })
    expect([answers.map((answer) => answer.status), hashes]).toEqual([[429, 429], 0])
    expect(answers.map((answer) => answer.body.error.message)).toEqual(
      Array(2).fill('The limit of 10 failed logins of one e-mail in 15 minutes is reached'),
    )
    expect(await liveness(jane.token)).toEqual([200])
  })

  it('of two at once with one right password, the later is told that it no longer holds', async () => {
    const answers = await Promise.all([change(jane, OLD, NEW), change({ ...jane, token: second }, OLD, 'third horse')])
    expect(answers.map((answer) => answer.status).sort()).toEqual([204, 401])
    const winner = answers[0]?.status === 204 ? [jane.token, second, NEW] : [second, jane.token, 'third horse']
    expect(await liveness(winner[0] ?? '', winner[1] ?? '')).toEqual([200, 401])
    expect((await logIn(jane.email, winner[2] ?? '')).status).toBe(200)
  })

  it('S05 of somebody who was deactivated a moment ago, which their object has not heard, is 401 and sets nothing', async () => {
    expect(await liveness(jane.token)).toEqual([200])
    await rows("UPDATE users SET status = 'inactive', credential_generation = 2 WHERE id = ?", jane.id)
    const before = await storedUser(jane.id)
    const answer = await change(jane, OLD, NEW)
    expect([answer.status, answer.body.error.code]).toEqual([401, 'unauthorized'])
    expect(await storedUser(jane.id)).toEqual(before)
  })

  it('of somebody who has no password is 401', async () => {
    expect((await change(account.customer, OLD, NEW)).text).toBe(NO_LOGIN)
  })

  it('is 403 for an API key', async () => {
    const { key } = (await ask(account.admin, 'POST', 'api-keys', { name: 'A key', role: 'admin' })).body.data
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
