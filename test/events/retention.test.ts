import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { sweepEvents } from '../../src/events/service'
import { BEGINNING, sweep } from '../../src/jobs/sweep'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { execute, rows } from '../helpers/database'
import { listEvents, pageOf, seedEvents, sequencesOf, walkEvents } from '../helpers/events'
import { detailsOf } from '../helpers/tickets'
import { silenceQueue } from '../helpers/webhooks'

const DAY = 86_400_000
const RETENTION_MS = 30 * DAY

let account: Account

beforeEach(async () => {
  silenceQueue()
  await execute(sql`DELETE FROM ${events}`)
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function stored({ id }: Account): Promise<number[]> {
  const found = await rows(
    select(
      { sequence: events.sequence },
      sql`FROM ${events} WHERE ${events.accountId} = ${id} ORDER BY ${events.sequence}`,
    ),
  )
  return found.map(({ sequence }) => sequence)
}

/** By the sequence of the event before the cursor; the cursor of the start is empty. */
async function cursorsOf({ agent }: Account, query = ''): Promise<string[]> {
  const pages = await walkEvents(agent, `per_page=1${query}`)
  return ['', ...pages.map((page) => page.pagination.next_cursor)]
}

describe('a cursor whose next events were deleted', () => {
  it.each(['', '&event=ticket.deleted', '&ticket_id=ticket_seeded'])(
    'W21 is 410 (%s), and another one is not',
    async (query) => {
      await seedEvents(account, 5, { createdAt: Date.now() - RETENTION_MS - 1 })
      await seedEvents(account, 3)
      const cursors = await cursorsOf(account, query)
      expect(cursors).toHaveLength(1 + 8)
      const expectSweptTo = async (oldest: number, remaining: number[]) => {
        for (const [after, cursor] of cursors.entries()) {
          const response = await listEvents(account.agent, query, cursor)
          if (cursor !== '' && after < oldest - 1)
            expect(detailsOf(response, 410, 'cursor_expired')).toEqual([
              { field: 'cursor', message: `The oldest retained sequence is ${oldest}`, code: 'invalid_value' },
            ])
          else
            expect([response.status, sequencesOf(response.body)]).toEqual([200, remaining.filter((one) => one > after)])
        }
      }
      await sweepEvents(env, '', RETENTION_MS, Date.now())
      await expectSweptTo(6, [6, 7, 8])
      await sweepEvents(env, '', RETENTION_MS, Date.now() + RETENTION_MS + DAY)
      await expectSweptTo(9, [])
      await seedEvents(account, 1)
      await expectSweptTo(9, [9])
    },
  )

  it.each(['ticket_id=TICKET', 'event=ticket.created'])(
    'W21 is accepted from a client that returns in time, even if there was no %s for long',
    async (query) => {
      const wanted = query.replace('TICKET', (await createTicket(account.agent)).id)
      const first = await pageOf(account.agent, wanted)
      await seedEvents(account, 5)
      const second = await pageOf(account.agent, wanted, first.pagination.next_cursor)
      expect([sequencesOf(first), sequencesOf(second)]).toEqual([[1], []])
      await sweepEvents(env, '', RETENTION_MS, Date.now() + RETENTION_MS + DAY)
      expect((await pageOf(account.agent, wanted, second.pagination.next_cursor)).data).toEqual([])
    },
  )

  it('is accepted in an account without any events', async () => {
    const { pagination } = await pageOf(account.agent)
    await sweepEvents(env, '', RETENTION_MS, Date.now() + RETENTION_MS + DAY)
    expect((await pageOf(account.agent, '', pagination.next_cursor)).data).toEqual([])
  })
})

describe('the sweep of events', () => {
  it('deletes exactly the events past their retention, of all accounts', async () => {
    const other = await createTestAccount()
    const now = Date.now()
    for (const [owner, ages] of [
      [account, [RETENTION_MS + 2, RETENTION_MS + 1, RETENTION_MS, 1]],
      [other, [RETENTION_MS + 1, 0]],
    ] as const)
      for (const age of ages) await seedEvents(owner, 1, { createdAt: now - age })
    await sweepEvents(env, '', RETENTION_MS, now)
    expect([await stored(account), await stored(other)]).toEqual([[3, 4], [2]])
  })

  it('deletes old events behind restored rows, which have lower row IDs and later times', async () => {
    const now = Date.now()
    const restored = await createTestAccount()
    await seedEvents(restored, 1_200)
    await seedEvents(account, 700, { createdAt: now - RETENTION_MS - 1 })
    await seedEvents(account, 1)
    await seedEvents(restored, 3, { createdAt: now - RETENTION_MS - 1 })
    await sweepEvents(env, '', RETENTION_MS, now)
    expect([await stored(account), (await stored(restored)).length]).toEqual([[701], 1_200])
  })

  it('goes from account to account, 100 in a sweep, and reads few rows of those without old events', async () => {
    const now = Date.now()
    const accounts: Account[] = []
    for (let count = 0; count < 205; count += 1) accounts.push(await createTestAccount())
    for (const each of accounts) await seedEvents(each, 1, { createdAt: now - RETENTION_MS - 1 })
    for (const each of accounts) await seedEvents(each, 3)
    const countOld = async () =>
      (
        await rows(
          select({ n: sql<number>`count(*)` }, sql`FROM ${events} WHERE ${events.createdAt} < ${now - RETENTION_MS}`),
        )
      )[0]?.n
    const remaining = []
    let after = ''
    do {
      after = await sweepEvents(env, after, RETENTION_MS, now)
      remaining.push(await countOld())
    } while (after !== '')
    expect(remaining).toEqual([105, 5, 0])
    const batch = vi.spyOn(env.DB, 'batch')
    await sweepEvents(env, '', RETENTION_MS, now)
    const results = await Promise.all(batch.mock.results.map(({ value }) => value))
    expect(results.length).toBe(1)
    expect(results[0][0].meta.rows_read).toBeLessThan(600)
  })

  it('stays at accounts with more old events than it may delete', async () => {
    const now = Date.now()
    await seedEvents(account, 5_100, { createdAt: now - RETENTION_MS - 1 })
    expect(await sweepEvents(env, 'acct_0', RETENTION_MS, now)).toBe('acct_0')
    expect(await stored(account)).toHaveLength(100)
    expect(await sweepEvents(env, 'acct_0', RETENTION_MS, now)).toBe('')
    expect(await stored(account)).toEqual([])
  })

  it('deletes at most 500 rows per statement and 5,000 per sweep', async () => {
    const now = Date.now()
    await seedEvents(account, 5_700, { createdAt: now - RETENTION_MS - 1 })
    await seedEvents(account, 1)
    const batch = vi.spyOn(env.DB, 'batch')
    const deleted = async () => {
      batch.mockClear()
      await sweepEvents(env, '', RETENTION_MS, now)
      const results = await Promise.all(batch.mock.results.map(({ value }) => value))
      return results.slice(1).map(([result]) => result.results.length)
    }
    expect(await deleted()).toEqual(Array.from({ length: 10 }, () => 500))
    expect(await deleted()).toEqual([500, 200])
    expect(await stored(account)).toEqual([5_701])
  })

  it.each([
    [undefined, [3, 4]],
    ['2', [4]],
    ['60', [1, 2, 3, 4]],
  ])('is part of the sweep, and keeps events for EVENT_RETENTION_DAYS = %s days', async (days, remaining) => {
    const now = Date.now()
    for (const age of [40, 31, 3, 1]) await seedEvents(account, 1, { createdAt: now - age * DAY })
    await sweep({ ...env, ...(days !== undefined && { EVENT_RETENTION_DAYS: days }) }, BEGINNING, now)
    expect(await stored(account)).toEqual(remaining)
  })
})
