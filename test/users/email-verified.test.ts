import { beforeEach, describe, expect, it } from 'vitest'
import { accounts, users } from '../../src/db/schema/accounts'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { execute } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import { cheapHash } from '../helpers/users'

const PASSWORD = 'correct horse'

let account: Account

beforeEach(async () => {
  account = await createTestAccount()
  await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${account.id}`))
})

const freshEmail = () => `${crypto.randomUUID()}@example.com`

async function register(email = freshEmail()): Promise<Member> {
  const body = { account: account.slug, name: 'Jo', email, password: PASSWORD }
  const { user, token } = (await call('POST', 'auth/register', { body, address: freshIpAddress() })).body
  return { ...user, token }
}

async function createUser(): Promise<Member> {
  return (await callAs(account.admin, 'POST', 'users', { name: 'Kim', email: freshEmail() })).body.data
}

const flagOf = async (id: string) => (await callAs(account.admin, 'GET', `users/${id}`)).body.data.email_verified
const patch = async (by: Member, path: string, body: object) => {
  const response = await callAs(by, 'PATCH', `users/${path}`, body)
  expect(response.status, response.text).toBe(200)
  return response.body.data.email_verified
}

describe('SEC-21 email_verified', () => {
  it('is false for a user who registered, and true for one that an admin created, in each user resource', async () => {
    const [registered, created] = [await register(), await createUser()]
    const flags = new Map([
      [registered.id, false],
      [created.id, true],
    ])
    const me = (await callAs(registered, 'GET', 'users/me')).body.data
    const list = (await callAs(account.admin, 'GET', 'users')).body.data
    const cursor = (await callAs(account.admin, 'GET', 'users?cursor=')).body.data
    const events = (await callAs(account.admin, 'GET', 'events?event=user.created')).body.data
    const ofEvents = events.map((event: { data: { user: object } }) => event.data.user)
    for (const resources of [[me], list, cursor, ofEvents]) {
      const seen = resources.filter(({ id }: { id: string }) => flags.has(id))
      expect(seen.length).toBeGreaterThan(0)
      for (const { id, email_verified } of seen) expect(email_verified).toBe(flags.get(id))
    }
    expect(ofEvents).toHaveLength(2)
  })

  it('is not in references, which keep three fields', async () => {
    const ticket = await createTicket(await register())
    expect(Object.keys(ticket.created_by)).toEqual(['id', 'name', 'email'])
  })

  it('is false after users changed their own email, whoever created them', async () => {
    const jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    const boss = await createTestMember(account.id, 'admin', { passwordHash: cheapHash(PASSWORD) })
    for (const member of [jane, boss]) {
      expect(await flagOf(member.id)).toBe(true)
      expect(await patch(member, 'me', { email: freshEmail(), current_password: PASSWORD })).toBe(false)
    }
  })

  it('is true after an admin changed the email of another user', async () => {
    const { id } = await register()
    expect(await patch(account.admin, id, { email: freshEmail() })).toBe(true)
  })

  it('stays as it is without another email', async () => {
    const email = freshEmail()
    const { id } = await register(email)
    expect(await patch(account.admin, id, { name: 'Jo Ruiz', role: 'agent' })).toBe(false)
    expect(await patch(account.admin, id, { email: email.toUpperCase() })).toBe(false)
    const jane = await createTestMember(account.id, 'customer', { passwordHash: cheapHash(PASSWORD) })
    expect(await patch(jane, 'me', { email: jane.email.toUpperCase(), current_password: PASSWORD })).toBe(true)
  })

  it('is false in events of earlier releases, which lack it', async () => {
    const { id } = await createUser()
    const data = sql<string>`json_remove(${events.data}, '$.user.email_verified')`
    await execute(update(events, { data }, sql`${events.accountId} = ${account.id}`))
    const [event] = (await callAs(account.admin, 'GET', 'events?event=user.created')).body.data
    expect(event.data.user).toMatchObject({ id, email_verified: false })
  })

  it('is false for rows of earlier releases', async () => {
    const { id } = account.agent
    await execute(update(users, { emailVerified: users.emailVerified.default as number }, sql`${users.id} = ${id}`))
    expect(await flagOf(id)).toBe(false)
  })
})
