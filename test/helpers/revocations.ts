import { expect } from 'vitest'
import { type Account, createTestToken, type Member } from './api'
import { later } from './credentials'
import { PASSWORD } from './path-ids'
import { ask } from './tickets'

const HOUR = 3_600_000

export const changeUser = (account: Account, user: { id: string }, body: object) =>
  ask(account.admin, 'PATCH', `users/${user.id}`, body)

/** Every way in which the access of a user ends, and the status of what they had begun. */
export const WAYS: Record<string, [status: number, end: (account: Account, caller: Member) => Promise<unknown>]> = {
  'is deactivated': [401, (account, caller) => ask(account.admin, 'DELETE', `users/${caller.id}`)],
  'is deactivated and activated again': [
    401,
    async (account, caller) => {
      await changeUser(account, caller, { status: 'inactive' })
      await changeUser(account, caller, { status: 'active' })
    },
  ],
  'logs out': [401, (_, caller) => ask(caller, 'POST', 'auth/logout')],
  'changes the password with another token': [
    401,
    async (account, caller) => {
      const token = await createTestToken(account.id, caller.id, 'admin')
      const passwords = { current_password: PASSWORD, new_password: 'the next password' }
      expect((await ask({ ...caller, token }, 'POST', 'auth/password', passwords)).status).toBe(204)
    },
  ],
  'gets a new password': [
    401,
    (account, caller) => ask(account.admin, 'POST', `users/${caller.id}/password`, { password: 'the next password' }),
  ],
  'gets a new email': [
    401,
    (account, caller) => changeUser(account, caller, { email: `${crypto.randomUUID()}@example.com` }),
  ],
  'holds a token that expires': [401, async () => later(2 * HOUR)],
  'is demoted to agent': [403, (account, caller) => changeUser(account, caller, { role: 'agent' })],
  'is demoted to customer': [403, (account, caller) => changeUser(account, caller, { role: 'customer' })],
}

/** Every way in which the access of an API key ends. */
export const WAYS_OF_KEYS: Record<string, (account: Account, key: { id: string }) => Promise<unknown>> = {
  'is revoked': (account, key) => ask(account.admin, 'DELETE', `api-keys/${key.id}`),
  'is rotated without a grace period': (account, key) =>
    ask(account.admin, 'POST', `api-keys/${key.id}/rotate`, { grace_seconds: 0 }),
  'is rotated, and the grace period ends': async (account, key) => {
    await ask(account.admin, 'POST', `api-keys/${key.id}/rotate`, { grace_seconds: 60 })
    later(61_000)
  },
  expires: async () => later(2 * HOUR),
}
