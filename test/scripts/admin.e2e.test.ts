import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { openDatabase } from '../../scripts/admin/database.ts'
import { reencrypt } from '../../scripts/admin/reencrypt.ts'
import { readSecrets } from '../../scripts/admin/secrets.ts'
import { sqlText } from '../../scripts/lib/sql-text.ts'
import { alias } from '../../src/db/alias.ts'
import { accountCounters, userCounters } from '../../src/db/schema/accounts.ts'
import { creatorCounters, ticketCounters, tickets, ticketTags, ticketTagsUpdated } from '../../src/db/schema/tickets.ts'
import { ticketSearch } from '../../src/db/search-table.ts'
import { searchKey } from '../../src/db/search-text.ts'
import { sql } from '../../src/db/sql.ts'
import { deleteFrom, insertSelect, update } from '../../src/db/write.ts'
import { runAdmin, runAdminHere } from '../helpers/node/admin.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'
import { logInAs, subscribe } from '../helpers/node/webhooks.ts'

/** `npm run admin` with a running server on the same state. */

const state = preparedState()
let server: RunningServer

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
})

afterAll(async () => {
  await server.stop()
  state.remove()
})

const admin = (...args: string[]) => runAdminHere(state.folder, ...args)

async function login(email: string, password: string) {
  const response = await fetch(`${server.origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  return { status: response.status, body: JSON.parse(await response.text()) }
}

const passwordIn = (text: string) => /Password (\S+)/.exec(text)?.[1] ?? ''

const t = alias(tickets, 't')

/** What triggers maintain. */
const STORED = [
  sql`SELECT * FROM ${ticketCounters} WHERE ${ticketCounters.count} <> 0 ORDER BY 1, 2, 3, 4, 5`,
  sql`SELECT * FROM ${userCounters} WHERE ${userCounters.count} <> 0 ORDER BY 1, 2, 3`,
  sql`SELECT * FROM ${creatorCounters} WHERE ${creatorCounters.count} <> 0 ORDER BY 1, 2, 3`,
  sql`SELECT * FROM ${ticketTags} ORDER BY 1, 2, 7`,
  sql`SELECT * FROM ${ticketTagsUpdated} ORDER BY 1, 2, 7`,
  sql`SELECT ${tickets.id}, ${tickets.publicComments}, ${tickets.internalComments}, ${tickets.publicAttachments},
    ${tickets.internalAttachments} FROM ${tickets} ORDER BY 1`,
  sql`SELECT ${accountCounters.accountId}, ${accountCounters.activeWebhooks} FROM ${accountCounters} ORDER BY 1`,
  sql`SELECT ${accountCounters.accountId}, ${accountCounters.storedBytes} FROM ${accountCounters} ORDER BY 1`,
  sql`SELECT ${ticketSearch.rowId} FROM ${ticketSearch} WHERE ${ticketSearch} MATCH ${`${searchKey('acct_acme')}dashboard`}`,
]

const oneMore = sql<number>`${ticketCounters.count} + 1`
const isAcme = sql`${accountCounters.accountId} = 'acct_acme'`

/** One or more for each. */
const DAMAGES = [
  update(
    ticketCounters,
    { count: oneMore },
    sql`${ticketCounters.accountId} = 'acct_acme' AND ${ticketCounters.dimension} = 'all' AND ${ticketCounters.count} > 0`,
  ),
  deleteFrom(ticketCounters, sql`${ticketCounters.dimension} = 'creator' AND ${ticketCounters.value} = 'user456'`),
  insertSelect(ticketCounters, {
    accountId: 'acct_acme',
    dimension: 'assignee',
    value: 'nobody',
    status: 'open',
    priority: 'low',
    count: 7,
  }),
  update(
    userCounters,
    { count: 9 },
    sql`${userCounters.accountId} = 'acct_acme' AND ${userCounters.role} = 'customer' AND ${userCounters.status} = 'active'`,
  ),
  deleteFrom(ticketTags, sql`${ticketTags.tag} = 'dashboard'`),
  insertSelect(ticketTags, {
    accountId: 'acct_acme',
    tag: 'stray',
    status: 'open',
    priorityRank: 1,
    createdAt: 7,
    number: 7,
    rowId: 4711,
  }),
  update(ticketTagsUpdated, { updatedAt: 7 }, sql`${ticketTagsUpdated.tag} = 'dashboard'`),
  update(
    ticketCounters,
    { count: oneMore },
    sql`${ticketCounters.dimension} = 'tag' AND ${ticketCounters.value} = 'dashboard' AND ${ticketCounters.count} > 0`,
  ),
  update(
    creatorCounters,
    { count: sql`${creatorCounters.count} + 1` },
    sql`${creatorCounters.createdBy} = 'user456' AND ${creatorCounters.count} > 0`,
  ),
  update(
    tickets,
    { publicComments: 7, internalComments: 8, publicAttachments: 9, internalAttachments: 1 },
    sql`${tickets.id} = 'ticket123'`,
  ),
  update(accountCounters, { activeWebhooks: sql`${accountCounters.activeWebhooks} + 1` }, isAcme),
  update(accountCounters, { storedBytes: sql`${accountCounters.storedBytes} + 7` }, isAcme),
  // FTS5 deletes a row of an external-content table by a command that repeats the row's texts.
  sql`INSERT INTO ${ticketSearch} (${ticketSearch}, ${ticketSearch.rowId}, ${ticketSearch.title}, ${ticketSearch.description},
      ${ticketSearch.creator})
    SELECT 'delete', s.search_id, s.title, s.description, s.creator FROM ticket_tokens s
    JOIN ${t} ON ${t.rowId} = s.seq WHERE ${t.id} = 'ticket123'`,
]

describe('npm run admin', () => {
  it('lists its commands', async () => {
    const { code, out } = await admin('--help')
    expect(code).toBe(0)
    const names = [
      'list-accounts',
      'create-account',
      'set-plan',
      'revoke-key',
      'reset-password',
      'unlock',
      'verify',
      'reencrypt',
      'backup',
      'restore',
      'after-restore',
      'check-files',
    ]
    for (const name of names) expect(out).toContain(`  ${name}`)
    expect(out).toContain('  verify [--repair] ')
  })

  it('prints the result of a command, or its error, and ends with 0 or 1', async () => {
    for (const args of [['list-accounts'], ['set-plan', 'nowhere', 'premium'], ['dance']])
      expect(await runAdmin(state.folder, ...args)).toEqual(await admin(...args))
  })

  it('creates an account whose admin can log in, and sets another password', async () => {
    const made = await admin('create-account', "Müller's & Söhne", 'Ada@Muller.example', '--admin-name', 'Ada')
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/^Account muller-s-sohne \(acct_[0-9a-z]{26}\)$/m)
    const first = await login('ada@muller.example', passwordIn(made.out))
    expect(first.status).toBe(200)
    expect(first.body).toMatchObject({ user: { name: 'Ada', email: 'Ada@Muller.example', role: 'admin' } })

    const reset = await admin('reset-password', 'muller-s-sohne', 'ada@muller.example')
    expect(reset.code).toBe(0)
    expect((await login('ada@muller.example', passwordIn(made.out))).status).toBe(401)
    expect((await login('ada@muller.example', passwordIn(reset.out))).status).toBe(200)
  })

  it('lists accounts in a table, and sets a plan', async () => {
    expect((await admin('set-plan', 'acme', 'premium')).out).toBe('Account acme is premium within 60 seconds.')
    const lines = (await admin('list-accounts')).out.split('\n')
    expect(lines[0]).toMatch(/^SLUG +NAME +PLAN +USERS +TICKETS +CREATED +ID$/)
    expect(lines.find((line) => line.startsWith('acme '))).toMatch(
      /^acme +Acme +premium +4 +2 +2024-12-01T00:00:00Z +acct_acme$/,
    )
    expect(lines.find((line) => line.startsWith('globex '))).toMatch(/ premium +13 +200 /)
  })

  it('revokes an API key', async () => {
    const { body } = await login('ada@globex.example', 'your_password')
    const response = await fetch(`${server.origin}/api/v1/api-keys`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${body.token}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'Sync' }),
    })
    const { data } = JSON.parse(await response.text())
    expect((await admin('revoke-key', data.id)).out).toBe(`Key ${data.id} is revoked within 60 seconds.`)
    const result = await fetch(`${server.origin}/api/v1/tickets`, { headers: { 'X-API-Key': data.key } })
    expect(result.status).toBe(401)
    expect(await admin('revoke-key', data.id)).toMatchObject({ code: 1, err: `There is no active key ${data.id}.` })
  })

  it.each([
    [['set-plan', 'nowhere', 'premium'], 'There is no account nowhere.'],
    [['set-plan', 'acme', 'gold'], 'PLAN must be one of: standard, premium.'],
    [['set-plan', 'acme'], 'Usage: npm run admin -- set-plan SLUG standard|premium'],
    [['reset-password', 'acme', "o'brien@example.com"], "There is no user o'brien@example.com in an account acme."],
    [['create-account', 'Acme', 'a@b.example'], 'There is an account acme already. Choose another with --slug.'],
    [['create-account', 'New', 'nonsense'], 'EMAIL must be an email address.'],
    [['list-accounts', '--remote'], 'Which one? Add --env staging or --env production.'],
    [['list-accounts', '--env', 'staging'], '--env goes with --remote.'],
    [['after-restore', 'yesterday'], 'SINCE must be a time such as 2026-12-01T09:30:00Z, and not in the future.'],
    [['after-restore', '2026-01-01T00:00:00Z', '--gap', '0'], '--gap must be a whole number of 1 or more.'],
    [['backup', 'package.json'], 'There is a file package.json already.'],
    [['restore', 'no/such/file'], 'There is no file no/such/file.'],
    [['restore', 'package.json'], 'package.json is damaged, or not compressed by gzip.'],
    [['list-accounts', '--all'], "Unknown option '--all'. See: npm run admin -- list-accounts --help"],
    [['dance'], 'There is no command dance. See: npm run admin -- --help'],
  ])('rejects %j with one line', async (args, message) => {
    expect(await admin(...args)).toEqual({ code: 1, out: '', err: message })
  })

  // Last, because its blocking database calls let connections to the server go stale.
  it('encrypts stored secrets with another secret, and reports the rest', { timeout: 120_000 }, async () => {
    const ada = await logInAs(server.origin, 'ada@globex.example')
    const { id } = await subscribe(ada, 'https://hooks.example.com/', ['*'])
    vi.stubEnv('TICKETING_STATE', state.folder)
    const { current: previous, tokenTtlSeconds } = readSecrets()
    const rotated = { current: 'a secret that comes after the one of .dev.vars', previous, tokenTtlSeconds }
    expect(await reencrypt(openDatabase().run, rotated, Date.now())).toContain('Stored ciphertexts: 1 moved, 0 left.')
    const { code, out } = await admin('reencrypt')
    expect([code, ...out.split('\n')]).toEqual([
      0,
      'Stored ciphertexts: 0 moved, 1 left.',
      `Neither secret decrypts the stored secrets of ${id}.`,
      'Set APP_SECRET_PREVIOUS to the secret that does, or rotate the signing secrets of these webhooks, and run this again.',
      expect.stringMatching(/^APP_SECRET is known since \S+Z: run this as soon as it is deployed/),
      'There is no APP_SECRET_PREVIOUS.',
    ])
  })

  it('verifies counters against a recount, and repairs them', { timeout: 120_000 }, async () => {
    vi.stubEnv('TICKETING_STATE', state.folder)
    const { run } = openDatabase()
    const stored = STORED.map(sqlText)
    const damages = DAMAGES.map(sqlText)
    const results = run(...stored, ...damages, ...stored)
    const before = results.slice(0, stored.length)
    for (const [index, rows] of results.slice(-stored.length).entries())
      expect(rows, stored[index]).not.toEqual(before[index])
    // Of tickets: two totals, two counters of the creator, a superfluous one, and one of a tag; two assignees of the
    // creator; a missing and a superfluous tag; a tag of the wrong ticket.
    const counts = ['6', '1', '2', '2', '2', '1', '1', '1', '1', '1', '1', '1']
    const states = (out: string) =>
      out
        .split('\n')
        .slice(2, 14)
        .map((line) => line.split(/ {2,}/).slice(1))

    const verification = await admin('verify')
    expect([verification.code, verification.out]).toEqual([1, ''])
    expect(verification.err).toMatch(/^WHAT +DIFFERENCES +STATE\n/)
    expect(states(verification.err)).toEqual(counts.map((count) => [count, 'differs']))
    expect(verification.err).toContain('\nSome data differs. To repair it: npm run admin -- verify --repair')
    const repaired = await admin('verify', '--repair')
    expect([repaired.code, repaired.err, states(repaired.out)]).toEqual([
      0,
      '',
      counts.map((count) => [count, 'repaired']),
    ])
    expect(run(...stored)).toEqual(before)
    const well = await admin('verify')
    expect([well.code, well.err, states(well.out)]).toEqual([0, '', counts.map(() => ['0', 'ok'])])
  })
})
