import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { sweepEvents } from '../../src/events/service'
import { sweep } from '../../src/jobs/sweep'
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

describe('a cursor whose next events were swept away', () => {
  it.each(['', '&event=ticket.deleted', '&ticket_id=ticket_seeded'])(
    'W21 is 410 (%s), another is not',
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
      await sweepEvents(env, RETENTION_MS, Date.now())
      await expectSweptTo(6, [6, 7, 8])
      await sweepEvents(env, RETENTION_MS, Date.now() + RETENTION_MS + DAY)
      await expectSweptTo(9, [])
      await seedEvents(account, 1)
      await expectSweptTo(9, [9])
    },
  )

  it.each(['ticket_id=TICKET', 'event=ticket.created'])(
    'W21 is none of somebody who comes back in time, though there was no %s for long',
    async (query) => {
      const wanted = query.replace('TICKET', (await createTicket(account.agent)).id)
      const first = await pageOf(account.agent, wanted)
      await seedEvents(account, 5)
      const second = await pageOf(account.agent, wanted, first.pagination.next_cursor)
      expect([sequencesOf(first), sequencesOf(second)]).toEqual([[1], []])
      await sweepEvents(env, RETENTION_MS, Date.now() + RETENTION_MS + DAY)
      expect((await pageOf(account.agent, wanted, second.pagination.next_cursor)).data).toEqual([])
    },
  )

  it('is none of an account in which nothing ever happened', async () => {
    const { pagination } = await pageOf(account.agent)
    await sweepEvents(env, RETENTION_MS, Date.now() + RETENTION_MS + DAY)
    expect((await pageOf(account.agent, '', pagination.next_cursor)).data).toEqual([])
  })
})

describe('the sweep of events', () => {
  it('deletes what is older than is kept, of all accounts, and not a millisecond earlier', async () => {
    const other = await createTestAccount()
    const now = Date.now()
    for (const [owner, ages] of [
      [account, [RETENTION_MS + 2, RETENTION_MS + 1, RETENTION_MS, 1]],
      [other, [RETENTION_MS + 1, 0]],
    ] as const)
      for (const age of ages) await seedEvents(owner, 1, { createdAt: now - age })
    await sweepEvents(env, RETENTION_MS, now)
    expect([await stored(account), await stored(other)]).toEqual([[3, 4], [2]])
  })

  it('deletes at most 500 rows a statement and 5,000 at once', async () => {
    const now = Date.now()
    await seedEvents(account, 5_700, { createdAt: now - RETENTION_MS - 1 })
    await seedEvents(account, 1)
    const batch = vi.spyOn(env.DB, 'batch')
    const deleted = async () => {
      batch.mockClear()
      await sweepEvents(env, RETENTION_MS, now)
      const results = await Promise.all(batch.mock.results.map(({ value }) => value))
      return results.map(([result]) => result.results.length)
    }
    expect(await deleted()).toEqual(Array.from({ length: 10 }, () => 500))
    expect(await deleted()).toEqual([500, 200])
    expect(await stored(account)).toEqual([5_701])
  })

  it.each([
    [undefined, [3, 4]],
    ['2', [4]],
    ['60', [1, 2, 3, 4]],
  ])('is part of the sweep, and keeps EVENT_RETENTION_DAYS = %s days', async (days, remaining) => {
    const now = Date.now()
    for (const age of [40, 31, 3, 1]) await seedEvents(account, 1, { createdAt: now - age * DAY })
    await sweep({ ...env, ...(days !== undefined && { EVENT_RETENTION_DAYS: days }) }, '', now)
    expect(await stored(account)).toEqual(remaining)
  })
})
