import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { deliveries, deliveryAttempts, webhooks } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { deleteFrom, insertSelect, update } from '../../src/db/write'
import { type Account, createTestAccount, type TestResponse } from '../helpers/api'
import { execute, numbers, prepare } from '../helpers/database'
import { callAs, detailsOf } from '../helpers/tickets'
import { createTestWebhook, type Hook, seedDeliveries, seedEvents, silenceQueue } from '../helpers/webhooks'

let account: Account
let hook: Hook

beforeAll(async () => {
  silenceQueue()
  account = await createTestAccount()
  hook = await createTestWebhook(account)
  await seed(account, hook, 55)
})
beforeEach(() => {
  silenceQueue()
})
afterEach(() => {
  vi.restoreAllMocks()
})

/** Cycles through the kinds of outcomes. */
async function seed(by: Account, of: Hook, count: number): Promise<void> {
  await seedEvents(by, count)
  await seedDeliveries(by, of)
  await execute(
    update(
      deliveries,
      {
        event: sql`CASE ${deliveries.sequence} % 2 WHEN 0 THEN 'ticket.created' ELSE 'user.created' END`,
        retryAt: sql`CASE ${deliveries.sequence} % 3 WHEN 0 THEN ${deliveries.retryAt} END`,
        outcome: sql`CASE ${deliveries.sequence} % 3 WHEN 1 THEN 'succeeded' WHEN 2 THEN 'failed' END`,
      },
      sql`${deliveries.webhookId} = ${of.id}`,
    ),
  )
}

const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed']
const statusOf = (sequence: number) => DELIVERY_STATUSES[sequence % 3]
const eventOf = (sequence: number) => (sequence % 2 === 0 ? 'ticket.created' : 'user.created')
const list = (of: Hook, query = '') => callAs(account.admin, 'GET', `webhooks/${of.id}/deliveries?${query}`)
const sequencesOf = (pages: TestResponse[]): number[] =>
  pages.flatMap((page) => page.body.data.map((item: { sequence: number }) => item.sequence))
const down = (from: number, to = 1) => Array.from({ length: from - to + 1 }, (_, index) => from - index)

async function follow(
  first: TestResponse,
  towards: 'next' | 'prev',
  meanwhile: () => Promise<unknown> = async () => {},
): Promise<TestResponse[]> {
  const pages = [first]
  for (let page = first; page.body.pagination[`${towards}_cursor`] !== null; ) {
    if (pages.length === 1) await meanwhile()
    const { pagination } = page.body
    const url = pagination[`${towards}_page_url`]
    expect(new URL(url, 'http://x').searchParams.get('cursor')).toBe(pagination[`${towards}_cursor`])
    expect(page.headers.get('Link')).toContain(`<${url}>; rel="${towards}"`)
    page = await callAs(account.admin, 'GET', url)
    expect(page.status, page.text).toBe(200)
    pages.push(page)
    expect(pages.length).toBeLessThan(40)
  }
  return pages
}

describe('GET /webhooks/{webhook_id}/deliveries', () => {
  it.each([
    ['', 7, 8],
    ['', 11, 5],
    ['', 55, 1],
    ['', 100, 1],
    ['status=pending', 4, 5],
    ['status=succeeded', 10, 2],
    ['event=ticket.created', 9, 3],
    ['event=ticket.created&status=failed', 4, 3],
    ['event=ticket.deleted', 5, 1],
  ])(
    '%s by %i has %i pages, which hold every delivery once, forwards and backwards',
    async (filter, perPage, count) => {
      const { status, event } = Object.fromEntries(new URLSearchParams(filter))
      const wanted = down(55).filter(
        (sequence) =>
          (status ?? statusOf(sequence)) === statusOf(sequence) && (event ?? eventOf(sequence)) === eventOf(sequence),
      )
      const first = await list(hook, `${filter}&per_page=${perPage}`.replace(/^&/, ''))
      const forwards = await follow(first, 'next')
      expect(sequencesOf(forwards)).toEqual(wanted)
      expect(forwards).toHaveLength(count)
      for (const page of forwards)
        for (const item of page.body.data) {
          expect(item).toMatchObject({ status: statusOf(item.sequence), event: eventOf(item.sequence) })
          expect([item.webhook_id, item.next_attempt_at === null]).toEqual([hook.id, item.status !== 'pending'])
        }
      const backwards = await follow(forwards.at(-1) ?? first, 'prev')
      expect(sequencesOf(backwards.toReversed())).toEqual(wanted)
      expect(backwards).toHaveLength(count)
      const again = await follow(backwards.at(-1) ?? first, 'next')
      expect(sequencesOf(again)).toEqual(wanted)
      expect(first.body.pagination).toMatchObject({ per_page: perPage, prev_cursor: null, prev_page_url: null })
      expect(first.headers.has('Link')).toBe(count > 1)
    },
  )

  it('has pages of 20, each under the prefix of the request', async () => {
    const { data, pagination } = (await list(hook)).body
    expect([data.length, pagination.per_page]).toEqual([20, 20])
    const other = await callAs(account.admin, 'GET', `/ticketing/v1/webhooks/${hook.id}/deliveries?cursor=`)
    expect(other.body.data).toEqual(data)
    expect(other.body.pagination.next_page_url).toMatch(/^\/ticketing\/v1\/webhooks\//)
  })

  it('shows what stays once, whatever comes and goes while it is walked', async () => {
    const own = await createTestWebhook(account, { url: 'https://hooks.example.com/walked' })
    await seedDeliveries(account, own)
    const remove = (...sequences: number[]) =>
      env.DB.batch(
        sequences.map((sequence) =>
          prepare(
            deleteFrom(deliveries, sql`${deliveries.webhookId} = ${own.id} AND ${deliveries.sequence} = ${sequence}`),
          ),
        ),
      )
    const first = await list(own, 'per_page=10')
    const forwards = await follow(first, 'next', async () => {
      await remove(50, 46, 45, 30, 1)
      const last = await seedEvents(account, 1)
      await execute(
        insertSelect(deliveries, {
          accountId: account.id,
          webhookId: own.id,
          sequence: last,
          id: 'dlv_late',
          eventId: 'evt_late',
          event: 'ticket.created',
          createdAt: 0,
        }),
      )
    })
    expect(sequencesOf(forwards)).toEqual(down(55).filter((sequence) => ![45, 30, 1].includes(sequence)))
    const backwards = await follow(forwards.at(-1) ?? first, 'prev', () => remove(2, 3, 20))
    const left = down(56).filter((sequence) => ![50, 46, 45, 30, 20, 1].includes(sequence))
    expect(sequencesOf(backwards.toReversed())).toEqual(left)
  })

  it.each([
    ['status=done', 'status'],
    ['status=pending,failed', 'status'],
    ['event=ticket.exploded', 'event'],
    ['event=*', 'event'],
    ['per_page=0', 'per_page'],
    ['per_page=101', 'per_page'],
    ['page=1', 'page'],
    ['cursor=&cursor=', 'cursor'],
    ['cursor=x', 'cursor'],
    ['cursor=bnVsbA', 'cursor'],
    [`cursor=${'x'.repeat(501)}`, 'cursor'],
  ])('refuses ?%s', async (query, field) => {
    const details = detailsOf(await list(hook, query), 400, 'invalid_input')
    expect(details.map((entry) => entry.field)).toEqual([field])
  })

  it('refuses a cursor of another webhook, filter, list or account, and one with another position', async () => {
    const other = await createTestWebhook(account)
    const theirs = await createTestAccount()
    const foreign = await createTestWebhook(theirs)
    await seed(theirs, foreign, 21)
    const cursorOf = (response: TestResponse): string => response.body.pagination.next_cursor
    const cursor = cursorOf(await list(hook))
    const altered = (position: unknown) => {
      const [scope, , bookmark] = JSON.parse(Buffer.from(cursor, 'base64url').toString())
      return Buffer.from(JSON.stringify([scope, position, bookmark])).toString('base64url')
    }
    const rejected: [of: Hook, query: string][] = [
      [other, `cursor=${cursor}`],
      [hook, `status=failed&cursor=${cursor}`],
      [hook, `event=ticket.created&cursor=${cursor}`],
      [hook, `cursor=${cursorOf(await list(hook, 'status=failed&per_page=5'))}`],
      [hook, `cursor=${cursorOf(await callAs(theirs.admin, 'GET', `webhooks/${foreign.id}/deliveries`))}`],
      [hook, `cursor=${cursorOf(await callAs(account.admin, 'GET', 'events'))}`],
      ...[5, null, { towards: 'older' }, { towards: 'up', beyond: 5 }, { towards: 'older', beyond: '5 OR 1' }].map(
        (position): [Hook, string] => [hook, `cursor=${altered(position)}`],
      ),
    ]
    for (const [of, query] of rejected) {
      expect(query).not.toContain('undefined')
      expect(detailsOf(await list(of, query), 400, 'invalid_input')[0]?.field, query).toBe('cursor')
    }
    expect((await list(hook, `per_page=5&cursor=${cursor}`)).body.data[0].sequence).toBe(35)
    const moved = await list(hook, `cursor=${altered({ towards: 'older', beyond: 3 })}`)
    expect(sequencesOf([moved])).toEqual([2, 1])
  })

  it('S08 refuses a cursor of a webhook of the same ID in another account', async () => {
    const theirs = await createTestAccount()
    const { id } = await createTestWebhook(theirs)
    await execute(
      update(webhooks, { id: hook.id }, sql`${webhooks.accountId} = ${theirs.id} AND ${webhooks.id} = ${id}`),
    )
    const cursor = (await list(hook)).body.pagination.next_cursor
    const response = await callAs(theirs.admin, 'GET', `webhooks/${hook.id}/deliveries?cursor=${cursor}`)
    expect(detailsOf(response, 400, 'invalid_input')[0]?.field).toBe('cursor')
  })

  it('looks through 1,000 deliveries a page: a rare event is found by short pages, forwards and backwards', async () => {
    const rare = await createTestWebhook(account)
    const wanted: number[] = []
    for (const before of [0, 1_200, 0, 1_300, 1_100]) {
      if (before > 0) await seedEvents(account, before)
      wanted.unshift(await seedEvents(account, 1, Date.now(), 'comment.created'))
    }
    await seedEvents(account, 1_100)
    await seedDeliveries(account, rare)
    const logged = vi.spyOn(console, 'info')
    const first = await list(rare, 'event=comment.created')
    const forwards = await follow(first, 'next')
    expect(sequencesOf(forwards)).toEqual(wanted)
    expect(first.body.data).toEqual([])
    const backwards = await follow(forwards.at(-1) ?? first, 'prev')
    expect(sequencesOf(backwards.toReversed())).toEqual(wanted)
    expect([forwards.length, backwards.length].map((count) => count >= 5 && count <= 6)).toEqual([true, true])
    for (const [line] of logged.mock.calls) expect(JSON.parse(String(line)).db.rows_read).toBeLessThan(4_200)
  })
})

describe('GET …/deliveries/{delivery_id}', () => {
  it('shows the latest 100 attempts', async () => {
    const [{ id }] = (await list(hook, 'per_page=1')).body.data
    await execute(
      insertSelect(
        deliveryAttempts,
        {
          accountId: account.id,
          deliveryId: id,
          number: sql`i`,
          at: sql`i * 1000`,
          trigger: 'manual',
          statusCode: 200,
          durationMs: 1,
        },
        sql`FROM ${numbers(1, 105)}`,
      ),
    )
    const { attempts } = (await callAs(account.admin, 'GET', `webhooks/${hook.id}/deliveries/${id}`)).body.data
    expect(attempts.map(({ number }: { number: number }) => number)).toEqual(down(105, 6).toReversed())
  })

  it('is 404 under another webhook, also to redeliver, which asks for nothing', async () => {
    const other = await createTestWebhook(account)
    const [{ id }] = (await list(hook, 'status=succeeded&per_page=1')).body.data
    for (const path of [`${other.id}/deliveries/${id}`, `${hook.id}/deliveries/${id}x`, `webhook_x/deliveries/${id}`]) {
      detailsOf(await callAs(account.admin, 'GET', `webhooks/${path}`), 404, 'not_found')
      detailsOf(await callAs(account.admin, 'POST', `webhooks/${path}/redeliver`), 404, 'not_found')
    }
    expect((await list(hook, 'status=succeeded&per_page=1')).body.data).toMatchObject([{ id, status: 'succeeded' }])
  })
})
