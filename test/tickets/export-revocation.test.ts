import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import { type Account, call, createTestAccount, createTestMember, createTestToken, requestOf } from '../helpers/api'
import { advanceClock, createTestKey, stopClock } from '../helpers/credentials'
import { watchSessions } from '../helpers/d1'
import { PASSWORD } from '../helpers/path-ids'
import { KEY_REVOCATIONS, REVOCATIONS } from '../helpers/revocations'
import { seedTickets } from '../helpers/tickets'
import { cheapHash } from '../helpers/users'
import { silenceQueue } from '../helpers/webhooks'

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

/** Without a Response in between, which would read ahead. */
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

/** Reads one page, revokes access, and reads on: the export ends early, and a valid caller can continue from it. */
async function expectEnd(token: string, end: () => Promise<unknown>, what: string): Promise<void> {
  const reader = await openExport(token)
  const first = linesOf((await reader.read()).value)
  await end()
  const rest = await readOn(reader)
  const cursor = rest.at(-1)?.next_cursor
  expect(cursor, what).toEqual(expect.any(String))
  const sent = [...first, ...rest.slice(0, -1)].map(({ id }) => id)
  // The stream holds one page, and one more is being read.
  expect(sent.length, what).toBeLessThanOrEqual(3 * PAGE)
  account.admin.token = await createTestToken(account.id, account.admin.id, 'admin')
  const { text } = await call('GET', `tickets/export?cursor=${cursor}`, { token: account.admin.token })
  const others = linesOf(new TextEncoder().encode(text))
  expect(others.at(-1), what).toEqual({ next_cursor: null })
  expect(new Set([...sent, ...others.slice(0, -1).map(({ id }) => id)]).size, what).toBe(TICKETS)
}

describe('an export whose reader loses access', () => {
  it('ends with a cursor, from which a valid caller continues', async () => {
    for (const [revocation, [, end]] of Object.entries(REVOCATIONS)) {
      // An agent may export, too, but must not continue an export that began as an admin.
      const user = await createTestMember(account.id, 'admin', { passwordHash: cheapHash(PASSWORD) })
      await expectEnd(user.token, () => end(account, user), `a user who ${revocation}`)
    }
  })

  it('ends in the same way for API keys', async () => {
    for (const [revocation, end] of Object.entries(KEY_REVOCATIONS)) {
      const key = await createTestKey(account, { role: 'admin', expires_at: new Date(Date.now() + HOUR).toISOString() })
      await expectEnd(key.key, () => end(account, key), `a key that ${revocation}`)
    }
  })

  it('reads each further page from the primary, because a replica may lag', async () => {
    // New tokens read from the primary for a minute.
    advanceClock(61_000)
    const queries = watchSessions()
    await readOn(await openExport(account.agent.token))
    expect(queries).toEqual(['first-unconstrained', ...Array(TICKETS / PAGE).fill('first-primary')])
  })

  it('continues to its end if nothing has changed', async () => {
    const reader = await openExport(account.agent.token)
    const lines = await readOn(reader)
    expect([lines.length, lines.at(-1)]).toEqual([TICKETS + 1, { next_cursor: null }])
  })
})
