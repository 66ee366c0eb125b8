import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { attachments as attachmentsTable, comments, objectIntents, tickets } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { realBatch, sessions } from '../helpers/d1'
import { countOf, execute, row } from '../helpers/database'
import { eventually } from '../helpers/eventually'

const MINUTE = 60_000

let account: Account

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

const file = (filename = 'a.txt') => ({ filename, content: 'aGVsbG8=', mime_type: 'text/plain' })

const post = (attachments: unknown[]) =>
  call('POST', 'tickets', { token: account.agent.token, body: { title: 'T', description: 'D', attachments } })

async function leftovers() {
  const counts = await row(
    select(
      {
        tickets: countOf(account, tickets),
        comments: countOf(account, comments),
        attachments: countOf(account, attachmentsTable),
        intents: countOf(account, objectIntents),
        events: countOf(account, events),
      },
      sql``,
    ),
  )
  return { ...counts, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.length }
}

const NOTHING = { tickets: 0, comments: 0, attachments: 0, intents: 0, events: 0, objects: 0 }

describe('S15 an invalid attachment among valid ones', () => {
  it.each([
    ['base64', { content: 'a' }],
    ['name', { filename: '../x' }],
    ['type', { mime_type: 'x' }],
    ['field', { size: 5 }],
  ])('S15 with an invalid %s: returns 400, and leaves nothing', async (_name, over) => {
    const put = vi.spyOn(env.FILES, 'put')
    const response = await post([file('1'), { ...file('2'), ...over }, file('3')])
    expect(response.status).toBe(400)
    expect(response.body.error.details).toHaveLength(1)
    expect(response.body.error.details[0].field).toMatch(/^attachments\.1\./)
    expect(put).not.toHaveBeenCalled()
    expect(await leftovers()).toEqual(NOTHING)
  })

  it('S15 with an invalid field of the ticket, or an invalid reference: leaves nothing', async () => {
    const body = { title: '', description: 'D', attachments: [file()] }
    expect((await call('POST', 'tickets', { token: account.agent.token, body })).status).toBe(400)
    const rejected = { title: 'T', description: 'D', assigned_to: 'user_none', attachments: [file(), file()] }
    expect((await call('POST', 'tickets', { token: account.agent.token, body: rejected })).status).toBe(422)
    await eventually(async () => expect(await leftovers()).toEqual(NOTHING))
  })
})

describe('F03 a failure of R2', () => {
  it('F03 for every file: returns 503, and leaves nothing', async () => {
    vi.spyOn(env.FILES, 'put').mockRejectedValue(new Error('R2 internal error (10001)'))
    const response = await post([file(), file()])
    expect(response.status).toBe(503)
    expect(response.body.error.code).toBe('unavailable')
    expect(response.text).not.toContain('10001')
    await eventually(async () => expect(await leftovers()).toEqual(NOTHING))
  })

  it('F03 for one file during the upload of another: returns 503, and leaves nothing', async () => {
    const original = env.FILES.put.bind(env.FILES)
    let puts = 0
    const others: Promise<unknown>[] = []
    vi.spyOn(env.FILES, 'put').mockImplementation((async (...args: Parameters<typeof original>) => {
      puts += 1
      if (puts === 1) throw new Error('R2: too many requests (10058)')
      const late = scheduler.wait(150).then(() => original(...args))
      others.push(late)
      return late
    }) as never)
    expect((await post([file(), file(), file()])).status).toBe(503)
    await Promise.all(others)
    expect(others).toHaveLength(2)
    await eventually(async () => expect(await leftovers()).toEqual(NOTHING))
  })

  it('F03 during a deletion: keeps the intent, and the sweep deletes later', async () => {
    const ticket = await createTicket(account.agent, { attachments: [file()] })
    const broken = vi.spyOn(env.FILES, 'delete').mockRejectedValue(new Error('R2'))
    expect((await call('DELETE', `tickets/${ticket.id}`, { token: account.admin.token })).status).toBe(204)
    await eventually(() => expect(broken).toHaveBeenCalled())
    expect(await leftovers()).toMatchObject({ attachments: 0, intents: 1, objects: 1 })
    broken.mockRestore()
    await sweepObjects(env, Date.now() + 2 * MINUTE)
    expect(await leftovers()).toMatchObject({ intents: 0, objects: 0 })
  })
})

describe('F03 a failure of D1', () => {
  it('F03 in the write, after the bytes were stored: returns 503, and leaves nothing', async () => {
    await call('GET', 'tickets', { token: account.agent.token })
    const original = realBatch()
    let batches = 0
    vi.spyOn(sessions, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
      batches += 1
      return batches === 2 ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)
    }) as never)
    expect((await post([file()])).status).toBe(503)
    await eventually(async () => expect(await leftovers()).toEqual(NOTHING))
  })

  it('F03 from the write on: keeps the intent, and the sweep cleans up', async () => {
    await call('GET', 'tickets', { token: account.agent.token })
    const original = realBatch()
    let batches = 0
    const broken = vi.spyOn(sessions, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
      batches += 1
      return batches >= 2 ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)
    }) as never)
    expect((await post([file()])).status).toBe(503)
    await eventually(() => expect(batches).toBeGreaterThanOrEqual(3))
    broken.mockRestore()
    expect(await leftovers()).toEqual({ ...NOTHING, intents: 1, objects: 1 })
    await sweepObjects(env, Date.now() + 61 * MINUTE)
    expect(await leftovers()).toEqual(NOTHING)
  })
})

describe('a ticket with all its attachments', () => {
  it('accepts the 500th and rejects the 501st with 422, without a trace', async () => {
    const ticket = await createTicket(account.agent)
    await execute(
      update(tickets, { publicAttachments: 300, internalAttachments: 198 }, sql`${tickets.id} = ${ticket.id}`),
    )
    const comment = (count: number) =>
      call('POST', `tickets/${ticket.id}/comments`, {
        token: account.agent.token,
        body: { content: 'C', attachments: Array.from({ length: count }, (_, index) => file(`${index}`)) },
      })
    const rejected = await comment(3)
    expect(rejected.status).toBe(422)
    expect(rejected.body.error.details[0].field).toBe('attachments')
    const nothing = { comments: 0, attachments: 0, intents: 0, events: 1, objects: 0 }
    await eventually(async () => expect(await leftovers()).toMatchObject(nothing))
    expect((await comment(2)).status).toBe(201)
    expect((await comment(1)).status).toBe(422)
    expect((await comment(0)).status).toBe(201)
  })
})
