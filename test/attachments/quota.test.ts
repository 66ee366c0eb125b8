import { env } from 'cloudflare:workers'
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { accountCounters, accounts } from '../../src/db/schema/accounts'
import { objectIntents, tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, createTestAccount, createTicket, type TestResponse } from '../helpers/api'
import { execute, row } from '../helpers/database'
import { eventually } from '../helpers/eventually'
import { upload } from '../helpers/files'
import { callAs, createComment, detailsOf } from '../helpers/tickets'

const GB = 1_000_000_000
const LIMITS = { standard: 5 * GB, premium: 100 * GB }
const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

function setStored({ id }: Account, bytes: number) {
  return execute(update(accountCounters, { storedBytes: bytes }, sql`${accountCounters.accountId} = ${id}`))
}

async function storedOf({ id }: Account): Promise<number | undefined> {
  return (
    await row(
      select(
        { n: accountCounters.storedBytes },
        sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${id}`,
      ),
    )
  )?.n
}

/** The message contains the limit and its unit. */
function expectFull(response: TestResponse): void {
  expect(detailsOf(response, 413, 'payload_too_large')).toEqual([])
  expect(response.body.error.message).toBe(
    'The account may store 5 GB of attachments, or 100 GB on premium (1 GB is 1,000,000,000 bytes)',
  )
}

describe('the bytes of an account', () => {
  it('are counted as attachments come and go, each way they do', async () => {
    const own = await createTestAccount()
    const by = own.agent
    const { id, attachments } = await createTicket(by, { attachments: [FILE, FILE] })
    expect(await storedOf(own)).toBe(6)
    const { data } = (await upload(by, id, { bytes: new Uint8Array(1_000) })).body
    const comment = await createComment(by, id, { attachments: [FILE], is_internal: true })
    expect(await storedOf(own)).toBe(1_009)
    await callAs(by, 'DELETE', `tickets/${id}/attachments/${data.id}`)
    expect(await storedOf(own)).toBe(9)
    await callAs(by, 'DELETE', `tickets/${id}/comments/${comment.id}`)
    await callAs(by, 'DELETE', `tickets/${id}/attachments/${attachments[0].id}`)
    expect(await storedOf(own)).toBe(3)
    await callAs(by, 'DELETE', `tickets/${id}`)
    expect(await storedOf(own)).toBe(0)
  })

  it('are those of what there was before they were counted', async () => {
    const own = await createTestAccount()
    await createTicket(own.agent, { attachments: [FILE, FILE] })
    await setStored(own, 0)
    const fill = env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).find((query) =>
      /UPDATE `account_state` SET `stored_bytes` = \(\s+SELECT/.test(query),
    )
    await env.DB.prepare(fill ?? '').run()
    expect(await storedOf(own)).toBe(6)
    expect(await storedOf(account)).toBe(0)
  })

  it.each(['standard', 'premium'] as const)('of a %s plan end at its limit, to the byte', async (plan) => {
    const own = await createTestAccount(plan)
    const by = own.agent
    const { id } = await createTicket(by)
    await setStored(own, LIMITS[plan] - 10)
    const put = vi.spyOn(env.FILES, 'put')
    expectFull(await upload(by, id, { bytes: new Uint8Array(11) }))
    const big = { ...FILE, content: Buffer.alloc(11).toString('base64') }
    expectFull(await callAs(by, 'POST', 'tickets', { title: 'T', description: 'D', attachments: [big] }))
    expectFull(
      await callAs(by, 'POST', `tickets/${id}/comments`, { content: 'C', attachments: [FILE, FILE, FILE, FILE] }),
    )
    expect(put).not.toHaveBeenCalled()
    expect((await upload(by, id, { bytes: new Uint8Array(10) })).status).toBe(201)
    expect(await storedOf(own)).toBe(LIMITS[plan])
    expectFull(await upload(by, id, { bytes: new Uint8Array(1) }))
    expect((await upload(by, id, { bytes: new Uint8Array(0) })).status).toBe(201)
    await createComment(by, id)
    expect(
      await row(
        select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${own.id}`),
      ),
    ).toBeNull()
  })

  it('grow with the plan at once; a plan that was lowered takes nothing away', async () => {
    const own = await createTestAccount('standard')
    const { id, attachments } = await createTicket(own.agent, { attachments: [FILE, FILE] })
    await setStored(own, LIMITS.standard)
    const plan = (name: 'standard' | 'premium') =>
      execute(update(accounts, { plan: name }, sql`${accounts.id} = ${own.id}`))
    expectFull(await upload(own.agent, id))
    await plan('premium')
    expect((await upload(own.agent, id)).status).toBe(201)
    await plan('standard')
    expectFull(await upload(own.agent, id))
    for (const { id: each } of attachments)
      expect((await callAs(own.agent, 'DELETE', `tickets/${id}/attachments/${each}`)).status).toBe(204)
    expect((await upload(own.agent, id)).status).toBe(201)
  })

  it('are judged again with the deed, under any race, and nothing of the refused is left', async () => {
    const own = await createTestAccount('standard')
    const { id } = await createTicket(own.agent)
    await setStored(own, LIMITS.standard - 35)
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => upload(own.agent, id, { bytes: new Uint8Array(10) })),
    )
    const made = responses.filter(({ status }) => status === 201)
    expect(made).toHaveLength(3)
    for (const response of responses.filter(({ status }) => status !== 201)) expectFull(response)
    expect(await storedOf(own)).toBe(LIMITS.standard - 5)
    await eventually(async () => {
      expect((await env.FILES.list({ prefix: `${own.id}/` })).objects).toHaveLength(3)
      expect(
        await row(
          select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${own.id}`),
        ),
      ).toBeNull()
    })
    expect((await callAs(own.agent, 'GET', `tickets/${id}/history`)).body.data).toHaveLength(3)
  })
})

describe('the 500 attachments of a ticket', () => {
  it('are refused with 422 before a byte of the 501st is stored', async () => {
    const { id } = await createTicket(account.agent)
    const count = (most: number) => execute(update(tickets, { publicAttachments: most }, sql`${tickets.id} = ${id}`))
    await count(499)
    expect((await upload(account.agent, id)).status).toBe(201)
    const put = vi.spyOn(env.FILES, 'put')
    expect(detailsOf(await upload(account.agent, id), 422, 'validation_error')).toEqual([
      {
        field: 'attachments',
        message: 'Attachments must be at most 500 on a ticket and its comments',
        code: 'too_many',
      },
    ])
    expect(put).not.toHaveBeenCalled()
  })

  it('are judged again with the deed', async () => {
    const { id } = await createTicket(account.agent)
    await execute(update(tickets, { publicAttachments: 497 }, sql`${tickets.id} = ${id}`))
    const responses = await Promise.all(Array.from({ length: 8 }, () => upload(account.agent, id)))
    expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 201, 201, 422, 422, 422, 422, 422])
    await eventually(async () => {
      const stored = responses.filter(({ status }) => status === 201).map(({ body }) => `${account.id}/${body.data.id}`)
      const { objects } = await env.FILES.list({ prefix: `${account.id}/` })
      expect(objects.map(({ key }) => key)).toEqual(expect.arrayContaining(stored))
      expect(
        await row(
          select({ id: objectIntents.id }, sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id}`),
        ),
      ).toBeNull()
    })
  })
})
