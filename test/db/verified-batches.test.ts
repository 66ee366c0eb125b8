import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Caller } from '../../src/core/caller'
import { type AccountDb, noCosts, openAccount } from '../../src/db/client'
import { accounts } from '../../src/db/schema/accounts'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, createTestAccount } from '../helpers/api'
import { watchSessions } from '../helpers/d1'
import { row } from '../helpers/database'

let account: Account
let db: AccountDb

/** The token has an older version than the user. */
const revoked = (): Caller => ({
  accountId: account.id,
  id: account.admin.id,
  role: 'admin',
  kind: 'person',
  token: { id: 'token', tokenVersion: 0, expiresAt: Number.MAX_SAFE_INTEGER },
  keyHash: null,
})
const REJECTED = { failure: { kind: 'constraint', rule: 'credential' } }

const read = () => select({ name: accounts.name }, sql`FROM ${accounts} WHERE ${accounts.id} = ${account.id}`)
const rename = () => update(accounts, { name: 'Another' }, sql`${accounts.id} = ${account.id}`)
const stored = () => row(select({ name: accounts.name }, sql`FROM ${accounts} WHERE ${accounts.id} = ${account.id}`))

beforeEach(async () => {
  account = await createTestAccount()
  db = openAccount(env, account.id, noCosts(), 'first-unconstrained', revoked())
})
afterEach(() => {
  vi.restoreAllMocks()
})

describe('the database of a caller whose access has ended', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['a write', () => db.all(rename())],
    ['a write among reads', () => db.batch({ before: read(), renamed: rename(), after: read() })],
    ['writes and reads', () => db.change([rename()], { after: read() })],
    ['no writes and reads', () => db.change([], { after: read() })],
    ['verified reads', () => db.verifiedBatch({ account: read() })],
    ['nothing that is verified', () => db.verifiedBatch({})],
    ['a write on the primary', () => db.onPrimary().all(rename())],
  ])('rejects %s, and writes nothing', async (_, run) => {
    const before = await stored()
    await expect(run()).rejects.toMatchObject(REJECTED)
    expect(await stored()).toEqual(before)
  })

  it('does not verify the caller of a batch that only reads', async () => {
    expect(await db.batch({ one: read(), another: read() })).toEqual({
      one: [{ name: expect.any(String) }],
      another: [{ name: expect.any(String) }],
    })
  })

  it('writes without the caller', async () => {
    await db.withoutCaller().all(rename())
    expect(await stored()).toEqual({ name: 'Another' })
  })

  it('reads from the primary where that is asked for', async () => {
    const queries = watchSessions()
    await openAccount(env, account.id, noCosts(), 'first-unconstrained', null).onPrimary().all(read())
    expect(queries).toEqual(['first-primary'])
  })
})
