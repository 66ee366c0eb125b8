import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import list from '../../site/passwords/common.txt?raw'
import { slugOf } from '../../src/accounts/slug'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { update } from '../../src/db/write'
import { freshIpAddress } from '../helpers/addresses'
import { type Account, call, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { execute } from '../helpers/database'
import { hashesDuring } from '../helpers/hashing'
import { type JsonSchema, resolved } from '../helpers/openapi'
import { API_OPERATIONS, operationOf } from '../helpers/operations'
import { createUser, PASSWORD } from '../helpers/path-ids'
import { type SampleRequest, sendAndWait } from '../helpers/sample-requests'
import { callAs } from '../helpers/tickets'
import { cheapHash } from '../helpers/users'

const COMMON = list.split('\n').filter((line) => line !== '' && !line.startsWith('# '))
const IS_COMMON = 'must not be one of the 10,000 most common passwords'
const IS_KNOWN = "must not be the email, its local part or the account's slug"

interface Case {
  email: string
  slug: string
  request: (password: string) => SampleRequest
}

const newEmail = () => `Jane.Smith-${crypto.randomUUID()}@example.com`

/** Every operation that sets a password. */
const CASES: Record<string, (account: Account) => Case | Promise<Case>> = {
  createAccount: () => {
    const email = newEmail()
    const account_name = `Initech ${crypto.randomUUID().slice(0, 8)}`
    return {
      email,
      slug: slugOf(account_name),
      request: (password) => ({
        ...publicPost('accounts', { account_name, name: 'Jo', email, password }),
        variables: { ALLOW_SIGNUP: 'true' },
      }),
    }
  },
  register: async ({ id, slug }) => {
    await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${id}`))
    const email = newEmail()
    return {
      email,
      slug,
      request: (password) => publicPost('auth/register', { account: slug, name: 'Jo', email, password }),
    }
  },
  createUser: ({ admin, slug }) => {
    const email = newEmail()
    return { email, slug, request: (password) => post(admin, 'users', { name: 'Jo', email, password }) }
  },
  setPassword: async (account) => {
    const { id, email } = await userOf(account)
    const { admin, slug } = account
    return { email, slug, request: (password) => post(admin, `users/${id}/password`, { password }) }
  },
  changePassword: async (account) => {
    const user = await userOf(account)
    const body = { current_password: PASSWORD }
    return {
      email: user.email,
      slug: account.slug,
      request: (new_password) => post(user, 'auth/password', { ...body, new_password }),
    }
  },
}

/** Not with an email that contains the ID, which the log contains. */
function userOf({ id }: Account): Promise<Member> {
  return createTestMember(id, 'customer', { email: newEmail(), passwordHash: cheapHash(PASSWORD) })
}

function post(caller: Member, path: string, body: object): SampleRequest {
  return { method: 'POST', path, caller, body }
}

function publicPost(path: string, body: object): SampleRequest {
  return { method: 'POST', path, caller: null, body, ipAddress: freshIpAddress() }
}

function isNewPassword(schema: JsonSchema | undefined): boolean {
  return schema?.format === 'password' && schema.minLength === 8
}

function fieldOf(operationId: string): string {
  return operationId === 'changePassword' ? 'new_password' : 'password'
}

async function caseOf(operationId: string): Promise<Case> {
  const create = CASES[operationId]
  if (!create) throw new Error(`${operationId} needs a case`)
  return create(await createTestAccount())
}

afterEach(() => {
  vi.restoreAllMocks()
})

const SETTERS = API_OPERATIONS.flatMap(({ operationId, requestBody }) => {
  const schema = requestBody?.content['application/json']?.schema
  const properties = schema ? resolved(schema as JsonSchema & { $ref: string }).properties : undefined
  return Object.values((properties ?? {}) as Record<string, JsonSchema>).some(isNewPassword) ? [operationId] : []
})

describe('the list of common passwords', () => {
  it('has 10,000 passwords that a user could set, in lower case, without repetition', () => {
    expect(new Set(COMMON).size).toBe(10_000)
    expect(COMMON).toHaveLength(10_000)
    expect(COMMON.filter((password) => !/^[\x21-\x40\x5b-\x7e]{8,128}$/.test(password))).toEqual([])
    expect(COMMON.slice(0, 3)).toEqual(['password', '12345678', '123456789'])
  })
})

describe('a new password', () => {
  it('is set by the operations with a case', () => {
    expect(SETTERS.toSorted()).toEqual(Object.keys(CASES).toSorted())
  })

  describe.each(SETTERS)('of %s', (operationId) => {
    it.each(['12345678', 'trustno1', 'PassWord1', COMMON.at(-1) ?? ''])(
      'is rejected if it is common: %s',
      async (password) => {
        const { request } = await caseOf(operationId)
        const hashes = await hashesDuring(async () => {
          expect(await rejection(request(password))).toEqual([fieldOf(operationId), IS_COMMON])
        })
        expect(hashes).toBe(0)
      },
    )

    it.each([
      ['email', ({ email }: Case) => email],
      ['email in another case', ({ email }: Case) => email.toUpperCase()],
      ['local part', ({ email }: Case) => email.split('@')[0] ?? ''],
      ['slug', ({ slug }: Case) => slug],
      ['slug in another case', ({ slug }: Case) => slug.toUpperCase()],
    ])('is rejected if it is the %s', async (_, passwordOf) => {
      const each = await caseOf(operationId)
      expect(await rejection(each.request(passwordOf(each)))).toEqual([fieldOf(operationId), IS_KNOWN])
    })

    it.each([
      ['contains a common one', () => 'password 12345678'],
      ['contains the email', ({ email }: Case) => `${email}!`],
      ['has the form of a slug', () => 'correct-horse-battery'],
    ])('is accepted if it %s', async (_, passwordOf) => {
      const each = await caseOf(operationId)
      const response = await sendAndWait(each.request(passwordOf(each)))
      expect(response.status, response.text).toBe(operationOf(operationId).successStatus)
    })

    it.each([
      ['cannot be read', () => Promise.reject(new Error('assets'))],
      ['is missing', async () => new Response(null, { status: 404 })],
    ])('returns 503 if the list %s', async (_, fetch) => {
      const { request } = await caseOf(operationId)
      vi.spyOn(env.ASSETS, 'fetch').mockImplementation(fetch)
      const response = await sendAndWait({
        ...request('a new password'),
        variables: { ...request('').variables, ASSETS: env.ASSETS },
      })
      expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '5'])
    })
  })

  it('of a login is not compared with the list, because it was set before', async () => {
    const body = { email: newEmail(), password: 'trustno1' }
    expect((await call('POST', 'auth/login', { body, address: freshIpAddress() })).status).toBe(401)
  })

  it('is not rejected after the user’s email became another', async () => {
    const account = await createTestAccount()
    const user = await createUser(account)
    await callAs(account.admin, 'PATCH', `users/${user.id}`, { email: newEmail() })
    expect((await callAs(account.admin, 'POST', `users/${user.id}/password`, { password: user.email })).status).toBe(
      204,
    )
  })
})

async function rejection(request: SampleRequest) {
  const response = await sendAndWait(request)
  const [found, ...others] = response.body.error?.details ?? []
  expect([response.status, others]).toEqual([400, []])
  const name = found.field === 'password' ? 'Password' : found.field
  return [found.field, found.message.replace(`${name} `, '')]
}
