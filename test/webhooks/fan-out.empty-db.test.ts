import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { accounts } from '../../src/db/schema/accounts'
import { deliveries } from '../../src/db/schema/webhooks'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { update } from '../../src/db/write'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { advanceClock, stopClock } from '../helpers/credentials'
import { execute, rows } from '../helpers/database'
import { callAs, createComment, patchTicket } from '../helpers/tickets'
import {
  countPendingEvents,
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  drain,
  type Hook,
  type Received,
  receive,
  seedEvents,
  silenceQueue,
  silenceSweeper,
  skipSequences,
} from '../helpers/webhooks'

let account: Account
let queue: ReturnType<typeof silenceQueue>

beforeEach(async () => {
  queue = silenceQueue()
  silenceSweeper()
  account = await createTestAccount()
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

async function sequencesOf(hook: Hook): Promise<number[]> {
  const found = await rows(
    select(
      { sequence: deliveries.sequence },
      sql`FROM ${deliveries} WHERE ${deliveries.webhookId} = ${hook.id} ORDER BY ${deliveries.sequence}`,
    ),
  )
  return found.map(({ sequence }) => sequence)
}

async function switchHook({ id }: Hook, active: boolean): Promise<void> {
  expect((await callAs(account.admin, 'PATCH', `webhooks/${id}`, { active })).status).toBe(200)
}

const newUser = () => ({ name: 'N', email: `${crypto.randomUUID()}@example.com`, password: 'a good password' })

/** One event of each type, and an internal comment. */
async function emitEveryEvent({ admin, agent }: Account): Promise<void> {
  const { id } = await createTicket(agent)
  await patchTicket(agent, id, { status: 'in_progress' })
  await createComment(agent, id)
  await createComment(agent, id, { is_internal: true })
  await callAs(admin, 'POST', 'users', { ...newUser(), role: 'agent' })
  await callAs(admin, 'DELETE', `tickets/${id}`)
}

const STATUS = ['ticket.created', 'ticket.status_changed', 'ticket.updated']
const PUBLIC = [...STATUS, 'comment.created', 'user.created', 'ticket.deleted']
const ALL = PUBLIC.toSpliced(3, 0, 'comment.created')

describe('the events of a webhook', () => {
  const WANTS: [string, Record<string, unknown>, string[]][] = [
    ['everything', {}, PUBLIC],
    ['everything and what is internal', { include_internal: true }, ALL],
    ['one type', { events: ['ticket.created'] }, ['ticket.created']],
    ['two types', { events: ['user.created', 'ticket.deleted'] }, ['user.created', 'ticket.deleted']],
    ['W04 public comments', { events: ['comment.created'] }, ['comment.created']],
    [
      'W04 internal comments too',
      { events: ['comment.created'], include_internal: true },
      ['comment.created', 'comment.created'],
    ],
    ['W04 updates, also internal ones', { events: ['ticket.updated'], include_internal: true }, ['ticket.updated']],
  ]

  it('W04 depend on its types, on `include_internal`, on its existence and on its account', async () => {
    const received = receive()
    const hooks: Hook[] = []
    for (const [, input] of WANTS) hooks.push(await createTestWebhook(account, input))
    const inactive = await createTestWebhook(account, { include_internal: true })
    const deleted = await createTestWebhook(account, { include_internal: true })
    const other = await createTestAccount()
    const foreign = await createTestWebhook(other, { include_internal: true })
    await switchHook(inactive, false)
    await callAs(account.admin, 'DELETE', `webhooks/${deleted.id}`)
    await emitEveryEvent(account)
    const late = await createTestWebhook(account, { include_internal: true })
    await emitEveryEvent(account)
    await drain({}, account, other)
    const sorted = received.toSorted((a, b) => a.event.sequence - b.event.sequence)
    const typesOf = ({ url }: Hook) => sorted.filter((request) => request.url === url).map(({ event }) => event.event)
    for (const [index, [name, , types]] of WANTS.entries()) {
      const hook = hooks[index]
      expect(hook && typesOf(hook), name).toEqual([...types, ...types])
    }
    expect(typesOf(late)).toEqual(ALL)
    for (const silent of [inactive, deleted, foreign]) expect(typesOf(silent)).toEqual([])
  })

  it('are all events of its active time, also if they were not fanned out yet', async () => {
    const received = receive()
    const hook = await createTestWebhook(account)
    for (const active of [false, true]) {
      await seedEvents(account, 150)
      await switchHook(hook, active)
    }
    await seedEvents(account, 150)
    await drain({}, account)
    const expectedSequences = upTo(450).filter((sequence) => sequence <= 150 || sequence > 300)
    expect(received.map(({ event }) => event.sequence).toSorted((a, b) => a - b)).toEqual(expectedSequences)
  })
})

describe('an inactive webhook', () => {
  it('gets no events of this time, also after its activation, while other webhooks do', async () => {
    const received = receive()
    const [hook, other] = [await createTestWebhook(account), await createTestWebhook(account)]
    await switchHook(hook, false)
    await seedEvents(account, 2)
    await drain({}, account)
    await switchHook(hook, true)
    await seedEvents(account, 1)
    await drain({}, account)
    const receivedBy = ({ url }: Hook) =>
      received.filter((request) => request.url === url).map(({ event }) => event.sequence)
    expect([receivedBy(hook), receivedBy(other)]).toEqual([[3], [1, 2, 3]])
  })
})

describe('deliveries', () => {
  it('are created once, for any number of messages', async () => {
    const hooks = await Promise.all(upTo(10).map(() => createTestWebhook(account)))
    await seedEvents(account, 12)
    const received = receive()
    await Promise.all([deliver(account), deliver(account, account), deliver(null)])
    await drain({}, account)
    for (const hook of hooks) expect(await sequencesOf(hook)).toEqual(upTo(12))
    const sent = received.map(({ url, event }) => `${url} ${event.sequence}`)
    expect([sent.length, new Set(sent).size]).toEqual([120, 120])
    const ids = await rows(
      select({ id: deliveries.id }, sql`FROM ${deliveries} WHERE ${deliveries.accountId} = ${account.id}`),
    )
    expect(new Set(ids.map(({ id }) => id)).size).toBe(120)
    for (const { id } of ids) expect(id).toMatch(/^dlv_[0-9a-z]{26}$/)
  })

  it.each([101, 501])(
    'of %i events are all created, at most 500 per message, with a message for the rest',
    async (count) => {
      const received = receive()
      const hook = await createTestWebhook(account)
      await seedEvents(account, count)
      await deliver(account)
      expect(await sequencesOf(hook)).toEqual(upTo(Math.min(count, 500)))
      const sent = queue.sendBatch.mock.calls.flatMap(([messages]) => [...messages])
      const ofAccount = sent.filter(({ body }) => Object(body).account_id !== null)
      expect(ofAccount).toEqual(count > 500 ? [{ body: { account_id: account.id }, delaySeconds: 0 }] : [])
      await drain({}, account)
      expect(await countPendingEvents(account)).toBe(0)
      // A slow machine needs more than one worker for so many.
      for (let round = 0; round < 20 && received.length < count; round += 1) await deliver(null)
      expect(received.map(({ event }) => event.sequence).toSorted((a, b) => a - b)).toEqual(upTo(count))
    },
  )
})

describe('a gap in the sequences, as after a restore', () => {
  it('is skipped in one step, without loss around it', async () => {
    const hook = await createTestWebhook(account)
    await seedEvents(account, 150)
    await skipSequences(account, 5_000_000)
    await seedEvents(account, 1)
    await deliver(account)
    expect(await sequencesOf(hook)).toEqual([...upTo(150), 5_000_151])
    expect(await countPendingEvents(account)).toBe(0)
    await skipSequences(account, 5_000_000)
    await deliver(account)
    expect(await countPendingEvents(account)).toBe(0)
  })
})

describe('the message to the queue', () => {
  it('is sent by every write that emits an event', async () => {
    stopClock()
    const { agent, admin } = account
    await createTestWebhook(account)
    await execute(update(accounts, { allowRegistration: 1 }, sql`${accounts.id} = ${account.id}`))
    const { id } = await createTicket(agent)
    const writes = [
      () => callAs(agent, 'POST', 'tickets', { title: 'T', description: 'D' }),
      () => callAs(agent, 'PATCH', `tickets/${id}`, { title: 'Other' }),
      () => callAs(agent, 'POST', `tickets/${id}/comments`, { content: 'C' }),
      () => callAs(agent, 'POST', `tickets/${id}/comments`, { content: 'C', is_internal: true }),
      () => callAs(admin, 'POST', 'users', { ...newUser(), role: 'agent' }),
      () => call('POST', 'auth/register', { body: { ...newUser(), account: account.slug } }),
      () => callAs(admin, 'DELETE', `tickets/${id}`),
    ]
    for (const write of writes) {
      advanceClock(2_000)
      queue.send.mockClear()
      const events = await countPendingEvents(account)
      expect((await write()).status).toBeOneOf([200, 201, 204])
      expect(await countPendingEvents(account)).toBeGreaterThan(events ?? Number.NaN)
      expect(queue.send.mock.calls).toEqual([[{ account_id: account.id }, { delaySeconds: 0 }]])
    }
  })
})

describe('W04 the cost of a write', () => {
  it('W04 is the same with ten webhooks as with none: rows read and written, and round trips', async () => {
    const withoutWebhooks = await createTestAccount()
    for (const _ of upTo(10)) await createTestWebhook(account, { include_internal: true })
    const log = vi.spyOn(console, 'info').mockImplementation(() => undefined)
    const costs = async (of: Account) => {
      log.mockClear()
      await emitEveryEvent(of)
      const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)))
      return lines.map(({ route, status, db }) => ({ route, status, db }))
    }
    const [first, second] = [await costs(withoutWebhooks), await costs(account)]
    expect(first.map(({ status }) => status)).toEqual([201, 200, 201, 201, 201, 204])
    expect(second).toEqual(first)
    expect([await countPendingEvents(withoutWebhooks), await countPendingEvents(account)]).toEqual([7, 7])
  })
})

describe('the body of a delivery', () => {
  it('W17 contains the ticket at the time of the event, although it was changed before, and no texts after its deletion', async () => {
    const received = receive()
    await createTestWebhook(account)
    const { id } = await createTicket(account.customer, { title: 'First', tags: ['a'] })
    await createComment(account.customer, id, { content: 'Said' })
    await patchTicket(account.agent, id, { title: 'Second' })
    await callAs(account.admin, 'PATCH', `users/${account.customer.id}`, { name: 'Renamed' })
    await deliver(account)
    await callAs(account.admin, 'DELETE', `tickets/${id}`)
    await deliver(account)
    const delivered = received.toSorted((a, b) => a.event.sequence - b.event.sequence).map(({ event }) => event)
    const author = { id: account.customer.id, name: account.customer.name, email: account.customer.email }
    expect(delivered).toMatchObject([
      {
        event: 'ticket.created',
        data: { ticket: { id, title: 'First', tags: ['a'], created_by: author, version: 1 } },
      },
      {
        event: 'comment.created',
        data: { comment: { content: 'Said', created_by: author }, ticket: { id, title: 'First' } },
      },
      { event: 'ticket.updated', data: { changes: { title: { previous: 'First', current: 'Second' } } } },
      { event: 'ticket.deleted', data: { ticket: { id, number: 1, title: '' } }, redacted: true },
    ])
  })

  it('W19 can be sorted into one chain without a gap by its sequence, in any order of arrival', async () => {
    const delivered: Received['event'][] = []
    receive(async ({ event }) => {
      await new Promise((resolve) => setTimeout(resolve, (event.sequence * 7) % 20))
      delivered.push(event)
      return new Response(null, { status: 204 })
    })
    await createTestWebhook(account)
    const { id } = await createTicket(account.agent)
    const statuses = ['in_progress', 'resolved', 'closed', 'open']
    const change = (n: number) => patchTicket(account.agent, id, { status: statuses[n % 4] })
    const work = upTo(5).map(async (member) => {
      for (const n of upTo(10)) await change(member + n)
      await deliver(account)
    })
    await Promise.all(work)
    await drain({}, account)
    const sorted = delivered.toSorted((a, b) => a.sequence - b.sequence)
    expect(delivered.map(({ sequence }) => sequence)).not.toEqual(sorted.map(({ sequence }) => sequence))
    expect(sorted.map(({ sequence }) => sequence)).toEqual(upTo(sorted.length))
    const steps = sorted.filter(({ event }) => event === 'ticket.status_changed').map(({ data }) => data.ticket.status)
    expect(steps.length).toBeGreaterThan(10)
    let status = 'open'
    for (const { previous, current } of steps) {
      expect(previous).toBe(status)
      expect(current).not.toBe(previous)
      status = current
    }
    expect((await callAs(account.agent, 'GET', `tickets/${id}`)).body.data.status).toBe(status)
  })
})
