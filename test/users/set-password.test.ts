import { beforeEach, describe, expect, it } from 'vitest'
import { type Account, createTestAccount, createTestMember, createTestToken, type Member } from '../helpers/api'
import { FULL_HASH, hashesDuring } from '../helpers/hashing'
import { callAs, detailsOf } from '../helpers/tickets'
import { cheapHash, logIn, NO_LOGIN, readStatuses, storedUser } from '../helpers/users'

const OLD = 'correct horse'
const NEW = 'another horse 🐴'

let account: Account
let jane: Member

beforeEach(async () => {
  account = await createTestAccount()
  jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(OLD) })
})

const set = (by: Member, id: string, body: unknown = { password: NEW }) =>
  callAs(by, 'POST', `users/${id}/password`, body)

describe('POST /users/{id}/password', () => {
  it('S05 returns 204: revokes every token of the user immediately, the new password works, the old one does not', async () => {
    const second = await createTestToken(account.id, jane.id, 'customer')
    expect(await readStatuses(jane.token, second)).toEqual([200, 200])
    const response = await set(account.admin, jane.id)
    expect([response.status, response.text]).toEqual([204, ''])
    expect(await readStatuses(jane.token, second, account.admin.token)).toEqual([401, 401, 200])
    const old = await logIn(jane.email, OLD)
    expect([old.status, old.text]).toEqual([401, NO_LOGIN])
    const login = await logIn(jane.email, NEW)
    expect(await readStatuses(login.body.token)).toEqual([200])
    expect((await storedUser(jane.id)).password_hash).toMatch(FULL_HASH)
  })

  it('SEC-15 returns 403 for the admin’s own, without any hashing', async () => {
    const before = await storedUser(account.admin.id)
    const hashes = await hashesDuring(async () => {
      const response = await set(account.admin, account.admin.id)
      expect(detailsOf(response, 403, 'forbidden')).toEqual([])
      expect(response.body.error.message).toBe('Change your own password with POST /auth/password')
    })
    expect(hashes).toBe(0)
    expect(await storedUser(account.admin.id)).toEqual(before)
    expect(await readStatuses(account.admin.token)).toEqual([200])
  })

  it('works for another admin, and by an API key for every user', async () => {
    const second = await createTestMember(account.id, 'admin')
    expect((await set(account.admin, second.id)).status).toBe(204)
    const { key } = (await callAs(account.admin, 'POST', 'api-keys', { name: 'A key', role: 'admin' })).body.data
    expect((await set({ ...account.admin, token: key }, account.admin.id)).status).toBe(204)
  })

  it('does not let an inactive user log in', async () => {
    await callAs(account.admin, 'DELETE', `users/${jane.id}`)
    expect((await set(account.admin, jane.id)).status).toBe(204)
    expect((await logIn(jane.email, NEW)).text).toBe(NO_LOGIN)
    expect((await storedUser(jane.id)).status).toBe('inactive')
  })

  it('returns 404 for an unknown user and another account’s user, without any hashing', async () => {
    const other = await createTestAccount()
    const hashes = await hashesDuring(async () => {
      const unknownUser = await set(account.admin, 'user_nobody')
      expect(unknownUser.status).toBe(404)
      for (const id of [other.agent.id, other.admin.id, '%00', 'me'])
        expect((await set(account.admin, id)).text).toBe(unknownUser.text)
    })
    expect(hashes).toBe(0)
    expect((await storedUser(other.agent.id)).password_hash).toBeNull()
    expect(await readStatuses(other.agent.token)).toEqual([200])
  })

  it.each(['agent', 'customer'] as const)('returns 403 to the %s, for their own too', async (role) => {
    const before = await storedUser(jane.id)
    for (const id of [jane.id, account[role].id, 'user_nobody'])
      expect(detailsOf(await set(account[role], id), 403, 'forbidden')).toEqual([])
    expect(await storedUser(jane.id)).toEqual(before)
    expect(await readStatuses(jane.token)).toEqual([200])
  })

  it.each([
    [{}, ['password']],
    [{ password: 'x'.repeat(7) }, ['password']],
    [{ password: '😀'.repeat(7) }, ['password']],
    [{ password: 'x'.repeat(129) }, ['password']],
    [{ password: 'x'.repeat(5_000) }, ['password']],
    [{ password: 12345678 }, ['password']],
    [{ password: 'eight\u0007chars' }, ['password']],
    [{ password: NEW, current_password: OLD }, ['current_password']],
  ])('S03 rejects %j with 400 before any hashing, and revokes nothing', async (body, fields) => {
    const before = await storedUser(jane.id)
    const hashes = await hashesDuring(async () => {
      const details = detailsOf(await set(account.admin, jane.id, body), 400, 'invalid_input')
      expect(details.map((entry) => entry.field)).toEqual(fields)
    })
    expect(hashes).toBe(0)
    expect(await storedUser(jane.id)).toEqual(before)
    expect(await readStatuses(jane.token)).toEqual([200])
  })
})
