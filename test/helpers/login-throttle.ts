import { afterEach, beforeEach, expect, vi } from 'vitest'
import { type Account, createTestAccount, createTestMember, type Member, type TestResponse } from './api'
import { hashesDuring } from './hashing'
import { cheapHash, logIn, NO_LOGIN } from './users'

export const PASSWORD = 'correct horse'
export const WRONG_PASSWORD = 'wrong horse'

interface LoginFixture {
  account: Account
  /** A customer with `PASSWORD`, whose email has nothing in common with its ID. */
  jane: Member
}

/** Creates the fixture before each test of the file, on a clock that only the test advances. */
export function useLoginFixture(): LoginFixture {
  const fixture = {} as LoginFixture
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    fixture.account = await createTestAccount()
    const email = `${crypto.randomUUID()}@example.com`
    fixture.jane = await createTestMember(fixture.account.id, 'customer', { email, passwordHash: cheapHash(PASSWORD) })
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  return fixture
}

export async function failLogins(times: number, { email }: Pick<Member, 'email'>, address?: string): Promise<void> {
  for (let attempt = 0; attempt < times; attempt += 1)
    expect((await logIn(email, WRONG_PASSWORD, address === undefined ? {} : { address })).text).toBe(NO_LOGIN)
}

/** Makes the requests one after another, and expects that none of them hashed a password. */
export async function withoutHashing(...requests: (() => Promise<TestResponse>)[]): Promise<TestResponse[]> {
  const responses: TestResponse[] = []
  const hashes = await hashesDuring(async () => {
    for (const request of requests) responses.push(await request())
  })
  expect(hashes).toBe(0)
  return responses
}
