import { expect } from 'vitest'
import { type Account, createTestToken, type Member } from './api'
import { advanceClock } from './credentials'
import { PASSWORD } from './path-ids'
import { callAs } from './tickets'

const HOUR = 3_600_000

export const changeUser = (account: Account, user: { id: string }, body: object) =>
  callAs(account.admin, 'PATCH', `users/${user.id}`, body)

/** Each way to revoke a user's access, and the status of requests that were pending. */
export const REVOCATIONS: Record<
  string,
  [status: number, end: (account: Account, caller: Member) => Promise<unknown>]
> = {
  'is deactivated': [401, (account, caller) => callAs(account.admin, 'DELETE', `users/${caller.id}`)],
  'is deactivated and activated again': [
    401,
    async (account, caller) => {
      await changeUser(account, caller, { status: 'inactive' })
      await changeUser(account, caller, { status: 'active' })
    },
  ],
  'logs out': [401, (_, caller) => callAs(caller, 'POST', 'auth/logout')],
  'changes the password with another token': [
    401,
    async (account, caller) => {
      const token = await createTestToken(account.id, caller.id, 'admin')
      const passwords = { current_password: PASSWORD, new_password: 'the next password' }
      expect((await callAs({ ...caller, token }, 'POST', 'auth/password', passwords)).status).toBe(204)
    },
  ],
  'gets a new password': [
    401,
    (account, caller) =>
      callAs(account.admin, 'POST', `users/${caller.id}/password`, { password: 'the next password' }),
  ],
  'gets a new email': [
    401,
    (account, caller) => changeUser(account, caller, { email: `${crypto.randomUUID()}@example.com` }),
  ],
  'holds a token that expires': [401, async () => advanceClock(2 * HOUR)],
  'is demoted to agent': [403, (account, caller) => changeUser(account, caller, { role: 'agent' })],
  'is demoted to customer': [403, (account, caller) => changeUser(account, caller, { role: 'customer' })],
}

export const KEY_REVOCATIONS: Record<string, (account: Account, key: { id: string }) => Promise<unknown>> = {
  'is revoked': (account, key) => callAs(account.admin, 'DELETE', `api-keys/${key.id}`),
  'is rotated without a grace period': (account, key) =>
    callAs(account.admin, 'POST', `api-keys/${key.id}/rotate`, { grace_seconds: 0 }),
  'is rotated, and the grace period ends': async (account, key) => {
    await callAs(account.admin, 'POST', `api-keys/${key.id}/rotate`, { grace_seconds: 60 })
    advanceClock(61_000)
  },
  expires: async () => advanceClock(2 * HOUR),
}
