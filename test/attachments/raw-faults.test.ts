import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { accountCounters } from '../../src/db/schema/accounts'
import {
  attachments as attachmentsTable,
  comments,
  objectIntents,
  ticketHistory,
  tickets,
} from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect } from '../../src/db/write'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { realBatch, sessions } from '../helpers/d1'
import { countOf, execute, numbers, prepare, row } from '../helpers/database'
import { eventually } from '../helpers/eventually'
import { generated, upload } from '../helpers/files'
import { callAs, createComment } from '../helpers/tickets'

const HOUR = 3_600_000
const FILE = { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' }

let account: Account
let ticketId: string

beforeEach(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  account = await createTestAccount()
  ticketId = (await createTicket(account.agent)).id
  for (const by of [account.agent, account.admin]) await callAs(by, 'GET', 'tickets')
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function traces(): Promise<Record<string, number>> {
  const counts = await row(
    select(
      {
        attachments: countOf(account, attachmentsTable),
        comments: countOf(account, comments),
        intents: countOf(account, objectIntents),
        history: countOf(account, ticketHistory),
        events: countOf(account, events),
        sequence: accountCounters.eventSequence,
        bytes: accountCounters.storedBytes,
        version: sql<number>`(SELECT ${tickets.version} FROM ${tickets} WHERE ${tickets.accountId} = ${account.id})`,
      },
      sql`FROM ${accountCounters} WHERE ${accountCounters.accountId} = ${account.id}`,
    ),
  )
  return { ...counts, objects: (await env.FILES.list({ prefix: `${account.id}/` })).objects.length }
}

interface Operation {
  name: string
  createTarget(): Promise<string>
  run(id: string): Promise<{ status: number }>
}

const OPERATIONS: Operation[] = [
  { name: 'an upload', createTarget: async () => '', run: () => upload(account.agent, ticketId) },
  {
    name: 'the deletion of an attachment',
    createTarget: async () => (await upload(account.agent, ticketId)).body.data.id,
    run: (id) => callAs(account.agent, 'DELETE', `tickets/${ticketId}/attachments/${id}`),
  },
  {
    name: 'the deletion of a comment with attachments',
    createTarget: async () => (await createComment(account.agent, ticketId, { attachments: [FILE, FILE] })).id,
    run: (id) => callAs(account.agent, 'DELETE', `tickets/${ticketId}/comments/${id}`),
  },
]

type Batch = (statements: D1PreparedStatement[]) => Promise<D1Result[]>

/** Replaces the batch that stores the attachment. The first batch of an upload only announces it. */
function replaceBatch(instead: (statements: D1PreparedStatement[], original: Batch) => Promise<D1Result[]>) {
  const original: Batch = realBatch()
  let done = false
  const spy = vi.spyOn(sessions, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
    if (done || statements.length < 5) return original(statements)
    done = true
    return instead(statements, original)
  }) as never)
  return { wasCalled: () => done, restore: () => spy.mockRestore() }
}

describe.each(OPERATIONS)('F03 D1 fails at $name', ({ createTarget, run }) => {
  it('F03 at each of its statements: a clean 503, and all is as it was', { timeout: 60_000 }, async () => {
    const id = await createTarget()
    const before = await traces()
    let size = 1
    for (let index = 0; index < size; index += 1) {
      const broken = replaceBatch((statements, original) => {
        size = statements.length
        return original(statements.with(index, prepare(sql`SELECT * FROM nothing_here`)))
      })
      expect((await run(id)).status, `at statement ${index}`).toBe(503)
      expect(broken.wasCalled()).toBe(true)
      broken.restore()
      await eventually(async () => expect(await traces(), `at statement ${index}`).toEqual(before))
    }
    expect(size).toBeGreaterThan(7)
    expect((await run(id)).status).toBeLessThan(300)
  })

  it('F03 when it has done it, but the answer is lost: a 503, and the whole deed or none', async () => {
    const id = await createTarget()
    const before = await traces()
    const lost = replaceBatch(async (statements, original) => {
      await original(statements)
      throw new Error('D1_ERROR: Network connection lost.')
    })
    expect((await run(id)).status).toBe(503)
    lost.restore()
    await sweepObjects(env, Date.now() + 2 * HOUR)
    const after = await traces()
    expect(after).toMatchObject({ intents: 0, history: Number(before.history) + 1, events: Number(before.events) + 1 })
    expect([after.objects, after.sequence]).toEqual([after.attachments, after.events])
  })
})

describe('F03 D1 fails at the announcement of an upload', () => {
  it('F03 503, with nothing sent to R2', async () => {
    const put = vi.spyOn(env.FILES, 'put')
    const before = await traces()
    vi.spyOn(sessions, 'batch').mockRejectedValueOnce(new Error('D1_ERROR: overloaded'))
    expect((await upload(account.agent, ticketId)).status).toBe(503)
    expect(put).not.toHaveBeenCalled()
    expect(await traces()).toEqual(before)
  })

  it('F03 and ever after: the intent stays, and the sweep cleans up', async () => {
    const before = await traces()
    const original: Batch = realBatch()
    let batches = 0
    const broken = vi.spyOn(sessions, 'batch').mockImplementation(((statements: D1PreparedStatement[]) => {
      batches += 1
      return batches >= 2 ? Promise.reject(new Error('D1_ERROR: overloaded')) : original(statements)
    }) as never)
    expect((await upload(account.agent, ticketId)).status).toBe(503)
    await eventually(() => expect(batches).toBeGreaterThanOrEqual(3))
    broken.mockRestore()
    expect(await traces()).toEqual({ ...before, intents: 1, objects: 1 })
    await sweepObjects(env, Date.now() + HOUR - 60_000)
    expect(await traces()).toEqual({ ...before, intents: 1, objects: 1 })
    await sweepObjects(env, Date.now() + HOUR + 60_000)
    expect(await traces()).toEqual(before)
  })
})

describe('F03 R2 fails', () => {
  it.each([
    ['before it reads anything', 0],
    ['after the first bytes', 1],
    ['after a MiB', 1024 * 1024],
  ])('F03 at an upload, %s: 503, and nothing is left', async (_name, reads) => {
    const before = await traces()
    vi.spyOn(env.FILES, 'put').mockImplementation((async (_key: string, body: ReadableStream<Uint8Array>) => {
      const reader = body.getReader()
      for (let taken = 0; taken < reads; ) taken += (await reader.read()).value?.byteLength ?? reads
      throw new Error('R2 internal error (10001)')
    }) as never)
    const size = 3_000_000
    const response = await upload(account.agent, ticketId, {
      bytes: generated(size),
      headers: { 'Content-Length': String(size) },
    })
    expect(response.status).toBe(503)
    expect(response.text).not.toContain('10001')
    await eventually(async () => expect(await traces()).toEqual(before))
  })

  it('F03 at the end of an upload, when it has stored it: 503, and nothing is left', async () => {
    const before = await traces()
    const original = env.FILES.put.bind(env.FILES)
    vi.spyOn(env.FILES, 'put').mockImplementation((async (...args: Parameters<typeof original>) => {
      await original(...args)
      throw new Error('R2 internal error (10001)')
    }) as never)
    expect((await upload(account.agent, ticketId)).status).toBe(503)
    await eventually(async () => expect(await traces()).toEqual(before))
  })

  it.each(OPERATIONS.slice(1))(
    'F03 at $name: it is deleted all the same, its objects by the sweep',
    async (operation) => {
      const id = await operation.createTarget()
      const { attachments } = await traces()
      const broken = vi.spyOn(env.FILES, 'delete').mockRejectedValue(new Error('R2'))
      expect((await operation.run(id)).status).toBe(204)
      await eventually(() => expect(broken).toHaveBeenCalled())
      expect(await traces()).toMatchObject({ attachments: 0, intents: attachments, objects: attachments, bytes: 0 })
      broken.mockRestore()
      await sweepObjects(env, Date.now() + 2 * 60_000)
      expect(await traces()).toMatchObject({ intents: 0, objects: 0 })
    },
  )
})

describe('an upload that is under way', () => {
  function afterStorage(happens: () => Promise<unknown>) {
    const original = env.FILES.put.bind(env.FILES)
    vi.spyOn(env.FILES, 'put').mockImplementation((async (...args: Parameters<typeof original>) => {
      const stored = await original(...args)
      await happens()
      return stored
    }) as never)
  }

  it('is 404 when its ticket is deleted meanwhile, and leaves nothing', async () => {
    afterStorage(() => callAs(account.admin, 'DELETE', `tickets/${ticketId}`))
    expect((await upload(account.agent, ticketId)).status).toBe(404)
    await eventually(async () => expect(await traces()).toMatchObject({ attachments: 0, intents: 0, objects: 0 }))
    expect(await traces()).toMatchObject({ bytes: 0, history: 0, events: 2, sequence: 2 })
  })

  it('S09 is 404 when the customer does not see the ticket any more, and leaves nothing', async () => {
    const { id } = await createTicket(account.customer)
    afterStorage(() => callAs(account.admin, 'PATCH', `tickets/${id}`, { created_by: account.stranger.id }))
    expect((await upload(account.customer, id)).status).toBe(404)
    await eventually(async () => expect(await traces()).toMatchObject({ attachments: 0, intents: 0, objects: 0 }))
  })

  it('is 503 when its time is over and the sweep has taken it back, and leaves nothing', async () => {
    const before = await traces()
    afterStorage(() => sweepObjects(env, Date.now() + HOUR + 60_000))
    expect((await upload(account.agent, ticketId)).status).toBe(503)
    await eventually(async () => expect(await traces()).toEqual(before))
  })

  it('is left alone by the sweep within an hour', async () => {
    afterStorage(() => sweepObjects(env, Date.now() + HOUR - 60_000))
    expect((await upload(account.agent, ticketId)).status).toBe(201)
    expect(await traces()).toMatchObject({ attachments: 1, intents: 0, objects: 1 })
  })
})

describe('the sweep', () => {
  it('finds what there is to delete behind the uploads of a hundred other accounts', async () => {
    const under = prepare(
      insertSelect(
        objectIntents,
        { accountId: sql`'acct_0' || i`, id: 'attach_uploading', kind: 'upload', createdAt: Date.now() - 10 * 60_000 },
        sql`FROM ${numbers(1, 150)}`,
      ),
    )
    const due = prepare(
      insertSelect(objectIntents, {
        accountId: account.id,
        id: 'attach_gone',
        kind: 'delete',
        createdAt: Date.now() - 2 * 60_000,
      }),
    )
    await env.DB.batch([under, due])
    await sweepObjects(env, Date.now())
    expect(await traces()).toMatchObject({ intents: 0 })
    expect(await row(select({ n: sql`count(*)` }, sql`FROM ${objectIntents}`))).toEqual({ n: 150 })
    await execute(sql`DELETE FROM ${objectIntents}`)
  })
})
