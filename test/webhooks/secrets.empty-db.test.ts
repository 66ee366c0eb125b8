import { createHmac } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, rows } from '../helpers/database'
import { callAs } from '../helpers/tickets'
import {
  createTestWebhook,
  createTimelessWebhook,
  deliver,
  deliveriesOf,
  type Hook,
  type Received,
  receive,
  silenceQueue,
} from '../helpers/webhooks'

const SECRET = /^whsec_[A-Za-z0-9+/]+=*$/
const DAY = 86_400_000

let account: Account

beforeEach(async () => {
  silenceQueue()
  account = await createTestAccount()
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const keyOf = (secret: string) => Buffer.from(secret.replace('whsec_', ''), 'base64')

async function rotate({ id }: Hook): Promise<Hook> {
  const response = await callAs(account.admin, 'POST', `webhooks/${id}/rotate-secret`)
  expect(response.status, response.text).toBe(200)
  return response.body.data
}

/** All rows of D1, with bytes in hexadecimal. */
async function readDatabase(): Promise<string> {
  const tables = await rows<{ name: string }>(
    sql`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`,
  )
  const dumped: unknown[] = []
  for (const { name } of tables) dumped.push(name, await rows(sql`SELECT * FROM "${sql.raw(name)}"`))
  return JSON.stringify(dumped, (_, value) =>
    Array.isArray(value) && typeof value[0] === 'number' ? Buffer.from(value).toString('hex') : value,
  )
}

describe('W01 the secret of a webhook', () => {
  it('W01 has the form of Standard Webhooks, and is random', async () => {
    const secrets: string[] = []
    for (let i = 0; i < 5; i += 1) {
      const hook = await createTestWebhook(account)
      secrets.push(hook.secret, (await rotate(hook)).secret)
    }
    for (const secret of secrets) {
      expect(secret).toMatch(SECRET)
      expect(keyOf(secret)).toHaveLength(32)
      expect(`whsec_${keyOf(secret).toString('base64')}`).toBe(secret)
    }
    for (const from of [0, 8, 16, 24])
      expect(
        new Set(
          secrets.map((secret) =>
            keyOf(secret)
              .subarray(from, from + 8)
              .toString('hex'),
          ),
        ).size,
      ).toBe(10)
  })

  it('W01 is in no other answer, no log line and no row of the database', async () => {
    const written: string[] = []
    for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
      vi.spyOn(console, level).mockImplementation((...entry) => void written.push(...entry.map(String)))
    const responded: string[] = []
    const by = async (method: string, path: string, body?: unknown) => {
      const { text, headers, status, body: parsed } = await callAs(account.admin, method, path, body)
      expect(status, text).toBeLessThan(300)
      responded.push(text, JSON.stringify([...headers]))
      return parsed.data
    }
    const echo = ({ headers, body }: Received) => new Response(JSON.stringify([...headers]) + body, { status: 500 })
    const received = receive(echo)
    const hook = await createTestWebhook(account)
    const path = `webhooks/${hook.id}`
    await createTicket(account.agent)
    await deliver(account)
    const rotated = await rotate(hook)
    for (const secret of [hook.secret, rotated.secret]) expect(secret).toMatch(SECRET)
    await by('GET', 'webhooks')
    await by('GET', path)
    await by('PATCH', path, { description: 'Changed' })
    await by('POST', `${path}/test`)
    const [, delivery] = await by('GET', `${path}/deliveries`)
    await by('POST', `${path}/deliveries/${delivery.id}/redeliver`)
    await by('POST', `${path}/replay`, { since: '2025-01-01' })
    await deliver(account)
    const { attempts } = await by('GET', `${path}/deliveries/${delivery.id}`)
    await by('GET', 'events')
    const encrypted = await rows(
      select(
        { secret: webhooks.secret, previous_secret: webhooks.previousSecret },
        sql`FROM ${webhooks} WHERE ${webhooks.id} = ${hook.id}`,
      ),
    )
    const dumped = await readDatabase()
    for (const known of [
      hook.id,
      hook.url,
      encrypted[0]?.secret ?? '',
      encrypted[0]?.previous_secret ?? '',
      attempts[0].response,
    ])
      expect(dumped).toContain(JSON.stringify(known))
    await by('DELETE', path)

    expect(received.length).toBeGreaterThanOrEqual(3)
    const sent = received.map(({ headers, body }) => JSON.stringify([...headers]) + body)
    const found = { responded, written, dumped: [dumped, await readDatabase()], sent }
    for (const secret of [hook.secret, rotated.secret])
      for (const [location, texts] of Object.entries(found))
        for (const form of ['base64', 'base64url', 'hex'] as const) {
          const text = keyOf(secret).toString(form).replace(/=+$/, '')
          expect(texts.join('\n').includes(text), `${form} in what was ${location}`).toBe(false)
        }
    expect(written.length).toBeGreaterThanOrEqual(10)
  })

  it('W01 is of no use in the row of another webhook', async () => {
    const [mine, other] = [await createTestWebhook(account), await createTestWebhook(account)]
    const received = receive()
    await execute(
      update(
        webhooks,
        { secret: sql`(SELECT ${webhooks.secret} FROM ${webhooks} WHERE ${webhooks.id} = ${other.id})` },
        sql`${webhooks.id} = ${mine.id}`,
      ),
    )
    await createTicket(account.agent)
    await deliver(account)
    expect(received.map(({ url }) => url)).toEqual([other.url])
    expect(await deliveriesOf(account, mine)).toMatchObject([{ status: 'pending', last_error: 'secret' }])
  })
})

function signaturesOf({ headers }: Received): string[] {
  return (headers.get('webhook-signature') ?? '').split(' ')
}

function byHand({ headers, body }: Received, secret: string): string {
  const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`
  return `v1,${createHmac('sha256', keyOf(secret)).update(signed).digest('base64')}`
}

/** Uses the Standard Webhooks library. */
function verifies({ headers, body }: Received, secret: string): boolean {
  try {
    new Webhook(secret).verify(body, Object.fromEntries(headers))
    return true
  } catch {
    return false
  }
}

describe('W14 rotation', () => {
  let received: Received[]
  let hook: Hook

  beforeEach(async () => {
    stopClock()
    account = await createTimelessWebhook(account)
    received = receive()
    hook = await createTestWebhook(account)
  })

  async function next(): Promise<Received> {
    await callAs(account.admin, 'POST', 'tickets', { title: 'é😀', description: 'A text' })
    await deliver(account)
    const request = received.at(-1)
    if (!request) throw new Error('nothing came')
    return request
  }

  it('W14 is told once, with its time, and signs from the next request on', async () => {
    const before = await next()
    expect(signaturesOf(before)).toEqual([byHand(before, hook.secret)])
    advanceClock(5_000)
    const rotated = await rotate(hook)
    const { secret, ...rest } = rotated
    expect(secret).toMatch(SECRET)
    expect(rest).toMatchObject({ id: hook.id, secret_last_rotated_at: new Date().toISOString().replace('.000Z', 'Z') })
    expect((await callAs(account.admin, 'GET', `webhooks/${hook.id}`)).body.data).toEqual(rest)
    const request = await next()
    expect(signaturesOf(request)).toEqual([byHand(request, secret), byHand(request, hook.secret)])
  })

  it.each([
    [0, 2],
    [DAY - 1, 2],
    [DAY, 1],
    [30 * DAY, 1],
  ])('W14 after %i ms a delivery carries %i signatures, one for each secret', async (wait, count) => {
    const { secret } = await rotate(hook)
    advanceClock(wait)
    const request = await next()
    expect(signaturesOf(request)).toHaveLength(count)
    expect(signaturesOf(request)).toContain(byHand(request, secret))
    expect(signaturesOf(request).includes(byHand(request, hook.secret))).toBe(count === 2)
    expect([verifies(request, secret), verifies(request, hook.secret)]).toEqual([true, count === 2])
  })

  it('W14 twice leaves the last two secrets, the older of them for 24 hours more', async () => {
    const second = await rotate(hook)
    advanceClock(DAY / 2)
    const third = await rotate(hook)
    const signatureCheck = async () => {
      const request = await next()
      return [hook, second, third].map(({ secret }) => verifies(request, secret))
    }
    expect(await signatureCheck()).toEqual([false, true, true])
    advanceClock(DAY - 1)
    expect(await signatureCheck()).toEqual([false, true, true])
    advanceClock(1)
    expect(await signatureCheck()).toEqual([false, false, true])
  })

  it('W14 signs with the new secret alone where the old one can no longer be read', async () => {
    const { secret } = await rotate(hook)
    await execute(update(webhooks, { previousSecret: 'lost' }, sql`${webhooks.id} = ${hook.id}`))
    const request = await next()
    expect(signaturesOf(request)).toEqual([byHand(request, secret)])
  })

  it('W14 twice at once leaves the two that were told', async () => {
    const [one, other] = await Promise.all([rotate(hook), rotate(hook)])
    const request = await next()
    expect([one, other, hook].map(({ secret }) => verifies(request, secret))).toEqual([true, true, false])
  })

  it('W14 holds for a retry of what was signed before', async () => {
    vi.restoreAllMocks()
    silenceQueue()
    received = receive(() => new Response(null, { status: received.length === 1 ? 500 : 200 }))
    const first = await next()
    const { secret } = await rotate(hook)
    advanceClock(6_001)
    await deliver(account)
    const [, retry] = received
    if (!retry) throw new Error('no retry')
    expect([retry.body, retry.headers.get('webhook-id')]).toEqual([first.body, first.headers.get('webhook-id')])
    expect([hook.secret, secret].map((each) => verifies(retry, each))).toEqual([true, true])
  })
})
