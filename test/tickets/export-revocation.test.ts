import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import { type Account, call, createTestAccount, createTestMember, createTestToken, requestOf } from '../helpers/api'
import { createTestKey, later, stopClock } from '../helpers/credentials'
import { watchSessions } from '../helpers/d1'
import { PASSWORD } from '../helpers/path-ids'
import { WAYS, WAYS_OF_KEYS } from '../helpers/revocations'
import { seedTickets } from '../helpers/tickets'
import { cheapHash } from '../helpers/users'
import { silenceQueue } from '../helpers/webhooks'

/** Six pages of an export. */
const TICKETS = 1_200
const PAGE = 200
const HOUR = 3_600_000

let account: Account

beforeEach(async () => {
  stopClock()
  silenceQueue()
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  account = await createTestAccount()
  await seedTickets(
    account,
    Array.from({ length: TICKETS }, (_, index) => ({ createdAt: 1_000 * index })),
  )
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Reads an export page by page, with nothing in between that would read ahead. */
async function openExport(token: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const request = requestOf('GET', 'tickets/export', { token })
  const response = await createApp().fetch(request, env, createExecutionContext())
  expect(response.status).toBe(200)
  if (!response.body) throw new Error('no body')
  return response.body.getReader()
}

function linesOf(chunk: Uint8Array | undefined): { id?: string; next_cursor?: string | null }[] {
  const lines = new TextDecoder().decode(chunk).split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line))
}

async function readOn(reader: ReadableStreamDefaultReader<Uint8Array>) {
  const lines = []
  for (let next = await reader.read(); !next.done; next = await reader.read()) lines.push(...linesOf(next.value))
  return lines
}

/** Reads one page, ends the access of its reader, and reads on: what comes then, and a valid caller can continue from. */
async function expectEnd(token: string, end: () => Promise<unknown>, what: string): Promise<void> {
  const reader = await openExport(token)
  const first = linesOf((await reader.read()).value)
  await end()
  const rest = await readOn(reader)
  const cursor = rest.at(-1)?.next_cursor
  expect(cursor, what).toEqual(expect.any(String))
  const sent = [...first, ...rest.slice(0, -1)].map(({ id }) => id)
  // The pages that were found before the end of the access: the stream holds one, and one more is at hand.
  expect(sent.length, what).toBeLessThanOrEqual(3 * PAGE)
  account.admin.token = await createTestToken(account.id, account.admin.id, 'admin')
  const { text } = await call('GET', `tickets/export?cursor=${cursor}`, { token: account.admin.token })
  const others = linesOf(new TextEncoder().encode(text))
  expect(others.at(-1), what).toEqual({ next_cursor: null })
  expect(new Set([...sent, ...others.slice(0, -1).map(({ id }) => id)]).size, what).toBe(TICKETS)
}

describe('an export whose reader loses access', () => {
  it('ends with a cursor, from which a valid caller continues', async () => {
    for (const [way, [, end]] of Object.entries(WAYS)) {
      // An admin who becomes an agent may still export, but not with what was begun as an admin.
      const user = await createTestMember(account.id, 'admin', { passwordHash: cheapHash(PASSWORD) })
      await expectEnd(user.token, () => end(account, user), `a user who ${way}`)
    }
  })

  it('ends so for API keys too', async () => {
    for (const [way, end] of Object.entries(WAYS_OF_KEYS)) {
      const key = await createTestKey(account, { role: 'admin', expires_at: new Date(Date.now() + HOUR).toISOString() })
      await expectEnd(key.key, () => end(account, key), `a key that ${way}`)
    }
  })

  it('has each further page read from the primary, because a replica may not know yet', async () => {
    // A token that was issued within a minute is read for from the primary anyway.
    later(61_000)
    const asked = watchSessions()
    await readOn(await openExport(account.agent.token))
    expect(asked).toEqual(['first-unconstrained', ...Array(TICKETS / PAGE).fill('first-primary')])
  })

  it('goes on to its end where nothing has changed', async () => {
    const reader = await openExport(account.agent.token)
    const lines = await readOn(reader)
    expect([lines.length, lines.at(-1)]).toEqual([TICKETS + 1, { next_cursor: null }])
  })
})
