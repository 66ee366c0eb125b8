import { beforeEach, describe, expect, it } from 'vitest'
import type { Role } from '../../src/core/policy'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { callAs } from '../helpers/tickets'
import { cheapHash, readStatuses, storedUser } from '../helpers/users'

const PASSWORD = 'correct horse'
const NEW = 'another horse'

let account: Account

beforeEach(async () => {
  account = await createTestAccount()
})

/** Every change of a user's email or password, without the current password. */
const CHANGES: [name: string, send: (by: Member, email: string) => ReturnType<typeof callAs>][] = [
  ['email by users/me', (by, email) => callAs(by, 'PATCH', 'users/me', { email })],
  ['email by users/{id}', (by, email) => callAs(by, 'PATCH', `users/${by.id}`, { email })],
  ['password by auth/password', (by) => callAs(by, 'POST', 'auth/password', { new_password: NEW })],
  ['password by users/{id}/password', (by) => callAs(by, 'POST', `users/${by.id}/password`, { password: NEW })],
]

describe.each<Role>(['admin', 'agent', 'customer'])('SEC-15 a stolen token of a user with the role %s', (role) => {
  it.each(CHANGES)('does not change the %s', async (_name, send) => {
    const owner = await createTestMember(account.id, role, { passwordHash: cheapHash(PASSWORD) })
    const before = await storedUser(owner.id)
    const response = await send(owner, `${crypto.randomUUID()}@example.com`)
    expect([400, 403]).toContain(response.status)
    expect(await storedUser(owner.id)).toEqual(before)
    expect(await readStatuses(owner.token)).toEqual([200])
  })
})
