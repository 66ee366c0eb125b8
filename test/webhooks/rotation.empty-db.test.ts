import { env } from 'cloudflare:workers'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Run } from '../../scripts/admin/ciphertexts.ts'
import { reencrypt } from '../../scripts/admin/reencrypt.ts'
import { deriveKeys } from '../../src/core/keys'
import { appSecrets } from '../../src/db/schema/accounts'
import { webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect, update } from '../../src/db/write'
import { decryptSecrets, encryptSecret } from '../../src/webhooks/secrets'
import { newSecret } from '../../src/webhooks/signing'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, callWith, createTestKey, stopClock } from '../helpers/credentials'
import { execute, prepare, rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import {
  createTestWebhook,
  deliveriesOf,
  deliveryOf,
  type Received,
  receive,
  silenceQueue,
  startConsumer,
} from '../helpers/webhooks'

/** Rotates APP_SECRET, with and without `npm run admin -- reencrypt`. */

const A = env.APP_SECRET ?? ''
const B = 'a second secret, that comes after it'
const C = 'a third secret, that comes after both'
const BA = { APP_SECRET: B, APP_SECRET_PREVIOUS: A }
const CB = { APP_SECRET: C, APP_SECRET_PREVIOUS: B }
const HOUR = 3_600_000
const TTL = 3_600

let account: Account

beforeEach(async () => {
  silenceQueue()
  await env.DB.batch([prepare(sql`DELETE FROM ${webhooks}`), prepare(sql`DELETE FROM ${appSecrets}`)])
  account = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const run: Run = async (...statements) => {
  const results = await env.DB.batch<Record<string, string | number | null>>(
    statements.map((statement) => env.DB.prepare(statement)),
  )
  return results.map((result) => result.results)
}

async function reencrypted(current: string, previous: string | null, through = run): Promise<string[]> {
  const settings = { current, previous, tokenTtlSeconds: TTL }
  return (await reencrypt(through, settings, Date.now())).split('\n')
}

async function deliverUnder(variables: Record<string, string>): Promise<void> {
  await startConsumer(variables, account).ended
}

function verifies(secret: string, { body, headers }: Received): boolean {
  try {
    new Webhook(secret).verify(body, Object.fromEntries(headers))
    return true
  } catch {
    return false
  }
}

const storedWebhooks = () =>
  rows(
    select(
      {
        account_id: webhooks.accountId,
        id: webhooks.id,
        secret: webhooks.secret,
        previous_secret: webhooks.previousSecret,
        previous_until: webhooks.previousUntil,
      },
      sql`FROM ${webhooks} ORDER BY ${webhooks.id}`,
    ),
  )

describe('two rotations of APP_SECRET', () => {
  it('W22 with reencrypt between them keep every delivery, API key and cursor working', async () => {
    const received = receive()
    const hook = await createTestWebhook(account)
    const { secret } = (await callAs(account.admin, 'POST', `webhooks/${hook.id}/rotate-secret`)).body.data
    const { key } = await createTestKey(account, { role: 'admin' })
    const { next_cursor } = (await callAs(account.agent, 'GET', 'events')).body.pagination
    for (const [variables, current, previous] of [
      [BA, B, A],
      [CB, C, B],
    ] as const) {
      received.length = 0
      await createTicket(account.agent)
      await deliverUnder(variables)
      expect((await reencrypted(current, previous))[0]).toBe('Stored ciphertexts: 2 moved, 0 left.')
      await createTicket(account.agent)
      await deliverUnder(variables)
      expect(received).toHaveLength(2)
      for (const request of received)
        expect([hook.secret, secret, newSecret()].map((one) => verifies(one, request))).toEqual([true, true, false])
      expect((await callWith(variables, 'GET', 'tickets?per_page=1', { token: key })).status).toBe(200)
    }
    const { body } = await callWith(CB, 'GET', `events?cursor=${next_cursor}`, { token: key })
    expect(body.data.map((event: { sequence: number }) => event.sequence)).toEqual([1, 2, 3, 4])
  })

  it('W22 without it let attempts fail with `secret`, send nothing, and recover with it', async () => {
    stopClock()
    const received = receive()
    const hook = await createTestWebhook(account)
    await createTicket(account.agent)
    await deliverUnder(CB)
    const [delivery] = await deliveriesOf(account, hook)
    expect(delivery).toMatchObject({ status: 'pending', attempt_count: 1, last_error: 'secret' })
    expect((await deliveryOf(account, hook, delivery.id)).attempts).toMatchObject([
      { number: 1, status_code: null, error: 'secret', response: null },
    ])
    expect(await reencrypted(C, B)).toEqual([
      'Stored ciphertexts: 0 moved, 1 left.',
      `Neither secret decrypts the stored secrets of ${hook.id}.`,
      'Set APP_SECRET_PREVIOUS to the secret that does, or rotate the signing secrets of these webhooks, and run this again.',
      expect.stringMatching(/^APP_SECRET is known since /),
      'Keep APP_SECRET_PREVIOUS while any are left.',
      'API keys remain valid without it.',
      'Delete it only after a deployment that followed the rotation: a rollback to an older one would restore the old APP_SECRET.',
    ])
    expect((await reencrypted(C, A))[0]).toBe('Stored ciphertexts: 1 moved, 0 left.')
    expect(received).toEqual([])
    advanceClock(7_000)
    await deliverUnder(CB)
    expect(received.map((request) => verifies(hook.secret, request))).toEqual([true])
    expect(await deliveriesOf(account, hook)).toMatchObject([{ status: 'succeeded', attempt_count: 2 }])
  })
})

describe('reencrypt', () => {
  /** Every third webhook has an expired previous secret, every fifth a valid one. */
  async function seedWebhooks(count: number, appSecret: string): Promise<Map<string, string>> {
    const secrets = new Map<string, string>()
    const key = deriveKeys(appSecret).webhooks
    const seeded = Array.from({ length: count }, async (_, index) => {
      const id = `webhook_${String(index).padStart(4, '0')}`
      const secret = newSecret()
      secrets.set(id, secret)
      const seal = (text: string) => encryptSecret(key, account.id, id, text)
      const until = index % 3 === 0 ? Date.now() - 1 : index % 5 === 0 ? Date.now() + HOUR : null
      return prepare(
        insertSelect(webhooks, {
          accountId: account.id,
          id,
          url: id,
          events: '["*"]',
          includeInternal: 0,
          active: 1,
          secret: await seal(secret),
          previousSecret: until === null ? null : await seal(`${secret} before`),
          previousUntil: until,
          createdAt: 0,
          sinceSequence: 0,
        }),
      )
    })
    await env.DB.batch(await Promise.all(seeded))
    return secrets
  }

  it('encrypts any number in batches, deletes expired signing secrets, and encrypts nothing twice', async () => {
    const secrets = await seedWebhooks(250, A)
    const ran: string[][] = []
    const watched: Run = (...statements) => {
      ran.push(statements)
      return run(...statements)
    }
    const moved = 250 + 33
    expect((await reencrypted(B, A, watched))[0]).toBe(`Stored ciphertexts: ${moved} moved, 0 left.`)
    expect(ran).toHaveLength(1 + 3 + 3 + 3)
    for (const statements of ran) expect(statements.join(';\n').length).toBeLessThan(100_000)
    const stored = await storedWebhooks()
    for (const row of stored) {
      const secret = secrets.get(row.id)
      const expected = row.previous_secret === null ? [secret] : [secret, `${secret} before`]
      expect(await decryptSecrets([deriveKeys(B).webhooks], row, Date.now())).toEqual(expected)
    }
    expect(stored.filter((row) => row.previous_secret !== null)).toHaveLength(33)
    expect((await reencrypted(B, A))[0]).toBe('Stored ciphertexts: 0 moved, 0 left.')
    expect(await storedWebhooks()).toEqual(stored)
  })

  it.each([
    ['a rotation with the current secret is kept', B, 'Stored ciphertexts: 1 moved, 0 left.', []],
    [
      'a rotation with the previous secret is kept, for the next run',
      A,
      'Stored ciphertexts: 1 moved, 1 left.',
      [
        'The rest was stored in the meantime, under the previous secret: run this again.',
        'Keep APP_SECRET_PREVIOUS while any are left.',
      ],
    ],
  ])('%s', async (_name, appSecret, first, further) => {
    const secrets = await seedWebhooks(1, A)
    const id = 'webhook_0000'
    const rotated = newSecret()
    const rotate: Run = async (...statements) => {
      if (statements.some((statement) => statement.includes('json_each')))
        await execute(
          update(
            webhooks,
            {
              previousSecret: webhooks.secret,
              previousUntil: Date.now() + HOUR,
              secret: await encryptSecret(deriveKeys(appSecret).webhooks, account.id, id, rotated),
            },
            sql`true`,
          ),
        )
      return run(...statements)
    }
    const lines = await reencrypted(B, A, rotate)
    expect(lines[0]).toBe(first)
    for (const line of further) expect(lines).toContain(line)
    expect((await reencrypted(B, A))[0]).toBe(`Stored ciphertexts: ${further.length > 0 ? 1 : 0} moved, 0 left.`)
    const [row] = await storedWebhooks()
    const opened = row && (await decryptSecrets([deriveKeys(B).webhooks], row, Date.now()))
    expect(opened).toEqual([rotated, secrets.get(id)])
  })

  it('counts secrets that neither key decrypts, lists ten of their webhooks, encrypts the rest, and skips deleted ones', async () => {
    await seedWebhooks(14, C)
    await execute(update(webhooks, { previousSecret: null, previousUntil: null }, sql`true`))
    await execute(update(webhooks, { deletedAt: 1 }, sql`${webhooks.id} = 'webhook_0000'`))
    const own = await createTestWebhook(account)
    const lines = await reencrypted(B, A)
    expect(lines[0]).toBe('Stored ciphertexts: 1 moved, 13 left.')
    expect(lines[1]).toMatch(
      /^Neither secret decrypts the stored secrets of (webhook_\d{4}, ){9}webhook_0010 and 3 more\.$/,
    )
    const moved = (await storedWebhooks()).find(({ id }) => id === own.id)
    expect(moved && (await decryptSecrets([deriveKeys(B).webhooks], moved, Date.now()))).toEqual([own.secret])
  })

  it('says when APP_SECRET_PREVIOUS can be deleted', async () => {
    stopClock()
    const known = (await reencrypted(B, null)).slice(1)
    expect(known).toEqual([expect.stringMatching(/^APP_SECRET is known since /), 'There is no APP_SECRET_PREVIOUS.'])
    advanceClock(TTL * 1_000 - 60_000)
    expect((await reencrypted(B, A))[2]).toMatch(
      /^APP_SECRET_PREVIOUS can be deleted at \S+Z, when the last token it signed/,
    )
    advanceClock(60_000)
    expect((await reencrypted(B, A))[2]).toBe('APP_SECRET_PREVIOUS can be deleted: every token it signed has expired.')
  })
})
