import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sweepObjects } from '../../src/attachments/service'
import { comments, objectIntents, tickets } from '../../src/db/schema/tickets'
import { events } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { insertSelect } from '../../src/db/write'
import { BEGINNING, type SweepProgress, sweep } from '../../src/jobs/sweep'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { execute, rows } from '../helpers/database'
import { eventually } from '../helpers/eventually'

const MINUTE = 60_000
const FILE = { filename: 'a.txt', content: 'aGVsbG8=', mime_type: 'text/plain' }

let account: Account

beforeEach(async () => {
  account = await createTestAccount()
})
afterEach(() => {
  vi.restoreAllMocks()
})

async function leave(id: string, kind: 'upload' | 'delete', age: number, bytes = true): Promise<void> {
  await execute(insertSelect(objectIntents, { accountId: account.id, id, kind, createdAt: Date.now() - age }))
  if (bytes) await env.FILES.put(`${account.id}/${id}`, 'bytes')
}

async function intents(): Promise<string[]> {
  const found = await rows(
    select(
      { id: objectIntents.id },
      sql`FROM ${objectIntents} WHERE ${objectIntents.accountId} = ${account.id} ORDER BY ${objectIntents.id}`,
    ),
  )
  return found.map((intent) => intent.id)
}

async function objects(): Promise<string[]> {
  const { objects: found } = await env.FILES.list({ prefix: `${account.id}/` })
  return found.map((object) => object.key.slice(account.id.length + 1))
}

function runSweep(): Promise<SweepProgress> {
  return sweep(env, BEGINNING, Date.now())
}

describe('the sweep', () => {
  it('completes abandoned uploads and deletions, and leaves those in progress', async () => {
    await leave('attach_abandoned', 'upload', 61 * MINUTE)
    await leave('attach_empty', 'upload', 61 * MINUTE, false)
    await leave('attach_deleted', 'delete', 2 * MINUTE)
    await leave('attach_absent', 'delete', 2 * MINUTE, false)
    await leave('attach_uploading', 'upload', 59 * MINUTE)
    await runSweep()
    expect(await intents()).toEqual(['attach_uploading'])
    expect(await objects()).toEqual(['attach_uploading'])
  })

  it('keeps every attachment that is in use', async () => {
    const ticket = await createTicket(account.agent, { attachments: [FILE] })
    await sweepObjects(env, Date.now() + 60 * MINUTE)
    expect(await objects()).toEqual([ticket.attachments[0].id])
  })

  it('never lists the bucket', async () => {
    await leave('attach_abandoned', 'upload', 61 * MINUTE)
    const listed = vi.spyOn(env.FILES, 'list')
    await runSweep()
    expect(listed).not.toHaveBeenCalled()
  })

  it('retries objects that R2 did not delete, and logs the failure', async () => {
    await leave('attach_stuck', 'delete', 2 * MINUTE)
    const logged: string[] = []
    vi.spyOn(console, 'error').mockImplementation((line) => {
      logged.push(line)
    })
    const broken = vi.spyOn(env.FILES, 'delete').mockRejectedValue(new Error('R2'))
    await runSweep()
    expect(logged.map((line) => JSON.parse(line))).toEqual([
      { level: 'error', failed: 'sweep', failure: { error: 'Error', at: expect.stringMatching(/^at /) } },
    ])
    expect(await intents()).toEqual(['attach_stuck'])
    broken.mockRestore()
    await runSweep()
    expect([await intents(), await objects()]).toEqual([[], []])
  })

  it('has the same effect when it runs twice concurrently', async () => {
    await leave('attach_abandoned', 'upload', 61 * MINUTE)
    await Promise.all([runSweep(), runSweep()])
    expect([await intents(), await objects()]).toEqual([[], []])
  })
})

describe('a write after its intent has expired', () => {
  const MOMENTS = ['before the bytes', 'after the bytes'] as const

  it.each(MOMENTS)('fails as a whole with 503 and leaves nothing, expired %s', async (moment) => {
    const ticket = await createTicket(account.agent)
    const original = env.FILES.put.bind(env.FILES)
    const put = vi.spyOn(env.FILES, 'put').mockImplementation((async (...args: Parameters<typeof original>) => {
      if (moment === 'before the bytes') await sweepObjects(env, Date.now() + 61 * MINUTE)
      const stored = await original(...args)
      if (moment === 'after the bytes') await sweepObjects(env, Date.now() + 61 * MINUTE)
      return stored
    }) as never)
    const body = { title: 'Late', description: 'D', attachments: [FILE] }
    const made = await call('POST', 'tickets', { token: account.agent.token, body })
    expect(made.status).toBe(503)
    const comment = { content: 'Late', attachments: [FILE] }
    const said = await call('POST', `tickets/${ticket.id}/comments`, { token: account.agent.token, body: comment })
    expect(said.status).toBe(503)
    expect(put).toHaveBeenCalledTimes(2)
    await eventually(async () => expect([await intents(), await objects()]).toEqual([[], []]))
    expect(
      await rows(select({ id: tickets.id }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${account.id}`)),
    ).toEqual([{ id: ticket.id }])
    expect(
      await rows(select({ id: comments.id }, sql`FROM ${comments} WHERE ${comments.accountId} = ${account.id}`)),
    ).toEqual([])
    expect(
      await rows(select({ type: events.type }, sql`FROM ${events} WHERE ${events.accountId} = ${account.id}`)),
    ).toHaveLength(1)
  })
})
