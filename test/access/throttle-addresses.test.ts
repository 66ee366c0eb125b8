import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { freshAddress } from '../helpers/addresses'
import { type Account, type Answer, call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { hashesDuring } from '../helpers/hashing'
import { cheapHash, logIn, NO_LOGIN } from '../helpers/users'

const PASSWORD = 'correct horse'
const WRONG = 'wrong horse'
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

let account: Account
let jane: Member

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

function later(milliseconds: number): void {
  vi.setSystemTime(Date.now() + milliseconds)
}

const status = async (member: Member, password: string, address: string) =>
  (await logIn(member.email, password, { address })).status

async function fail(times: number, member: Member, address?: string): Promise<void> {
  for (let attempt = 0; attempt < times; attempt += 1)
    expect((await logIn(member.email, WRONG, address === undefined ? {} : { address })).text).toBe(NO_LOGIN)
}

describe('an address that the e-mail has logged in from', () => {
  let home: string

  beforeEach(async () => {
    home = freshAddress()
    expect(await status(jane, PASSWORD, home)).toBe(200)
  })

  it('is not locked out by strangers, and strangers are', async () => {
    await fail(10, jane)
    expect(await status(jane, PASSWORD, freshAddress())).toBe(429)
    expect(await status(jane, PASSWORD, home)).toBe(200)
  })

  it('has ten of its own, and locks no stranger’s address out with them', async () => {
    await fail(10, jane, home)
    expect(await status(jane, PASSWORD, home)).toBe(429)
    const elsewhere = freshAddress()
    expect(await status(jane, PASSWORD, elsewhere)).toBe(200)
    await fail(10, jane, elsewhere)
    expect(await status(jane, PASSWORD, elsewhere)).toBe(429)
    later(15 * MINUTE)
    expect(await status(jane, PASSWORD, home)).toBe(200)
  })

  it('is none for another e-mail', async () => {
    const ann = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    await fail(10, ann)
    expect(await status(ann, PASSWORD, home)).toBe(429)
  })

  it('is not one from which it only failed', async () => {
    const cafe = freshAddress()
    await fail(1, jane, cafe)
    await fail(9, jane)
    expect(await status(jane, PASSWORD, cafe)).toBe(429)
  })

  it('is known for 30 days, and no longer', async () => {
    later(30 * DAY - MINUTE)
    await fail(10, jane)
    expect(await status(jane, PASSWORD, home)).toBe(200)
    later(30 * DAY + MINUTE)
    await fail(10, jane)
    expect(await status(jane, PASSWORD, home)).toBe(429)
  })

  it('is known beside nineteen others of the same e-mail, those that were seen last', async () => {
    const office = freshAddress()
    later(1_000)
    expect(await status(jane, PASSWORD, office)).toBe(200)
    for (let others = 0; others < 19; others += 1) {
      later(1_000)
      expect(await status(jane, PASSWORD, freshAddress())).toBe(200)
    }
    await fail(10, jane)
    expect([await status(jane, PASSWORD, home), await status(jane, PASSWORD, office)]).toEqual([429, 200])
  })

  it('S19 two people’s failures from one address lock neither out of another', async () => {
    const ann = await createTestMember(account.id, 'agent', { passwordHash: cheapHash(PASSWORD) })
    const [office, annsHome] = [freshAddress(), freshAddress()]
    expect(await status(ann, PASSWORD, annsHome)).toBe(200)
    await fail(10, jane, office)
    await fail(10, ann, office)
    expect([await status(jane, PASSWORD, office), await status(ann, PASSWORD, office)]).toEqual([429, 429])
    expect([await status(jane, PASSWORD, home), await status(ann, PASSWORD, annsHome)]).toEqual([200, 200])
  })

  it('S19 two people who share an address share no count of failures', async () => {
    const ann = await createTestMember(account.id, 'agent', { passwordHash: cheapHash(PASSWORD) })
    expect(await status(ann, PASSWORD, home)).toBe(200)
    await fail(10, jane, home)
    expect([await status(jane, PASSWORD, home), await status(ann, PASSWORD, home)]).toEqual([429, 200])
  })
})

describe('failed logins of an address', () => {
  /** Eleven people, of whom the last is never failed for. */
  async function crowd(): Promise<{ others: Member[]; ann: Member }> {
    const passwordHash = cheapHash(PASSWORD)
    const others: Member[] = []
    for (let i = 0; i < 10; i += 1) others.push(await createTestMember(account.id, 'customer', { passwordHash }))
    return { others, ann: await createTestMember(account.id, 'customer', { passwordHash }) }
  }

  /** A hundred failures, ten of each e-mail, over two minutes, for an address has 100 requests in each. */
  async function failHundred(others: Member[], address: string): Promise<void> {
    for (const half of [others.slice(0, 5), others.slice(5)]) {
      later(MINUTE)
      const answers = await Promise.all(
        half.flatMap(({ email }) => Array.from({ length: 10 }, () => logIn(email, WRONG, { address }))),
      )
      expect(answers.map((answer) => answer.status)).toEqual(Array(50).fill(401))
    }
    later(MINUTE)
  }

  it('are a hundred, then 429 for it before any hashing, and for no other', async () => {
    const { others, ann } = await crowd()
    const [address, other] = [freshAddress(), freshAddress()]
    for (let attempt = 0; attempt < 20; attempt += 1) expect(await status(ann, PASSWORD, address)).toBe(200)
    await failHundred(others, address)
    const answers: Answer[] = []
    const hashes = await hashesDuring(async () => {
      answers.push(await logIn(ann.email, PASSWORD, { address }))
      answers.push(await logIn('new.to.all@example.com', WRONG, { address }))
    })
    expect(hashes).toBe(0)
    for (const answer of answers) {
      expect([answer.status, answer.body.error.code]).toEqual([429, 'rate_limited'])
      expect(answer.body.error.message).toBe('The limit of 100 failed logins from one address in 15 minutes is reached')
      // The window began with the first failure, a minute after the logins that succeeded.
      expect(answer.headers.get('Retry-After')).toBe(String((15 - 2) * 60))
    }
    expect(await status(ann, PASSWORD, other)).toBe(200)
    expect((await call('GET', 'users/me', { token: ann.token, address })).status).toBe(200)
    later(15 * MINUTE)
    expect(await status(ann, PASSWORD, address)).toBe(200)
  })

  it('count changes of password too, which are refused with it', async () => {
    const { others, ann } = await crowd()
    const address = freshAddress()
    await failHundred(others, address)
    const change = (password: string, from: string) =>
      call('POST', 'auth/password', {
        token: ann.token,
        address: from,
        body: { current_password: password, new_password: 'another horse' },
      })
    expect((await change(PASSWORD, address)).status).toBe(429)
    expect((await change(WRONG, freshAddress())).status).toBe(401)
    expect((await change(PASSWORD, freshAddress())).status).toBe(204)
  })
})
