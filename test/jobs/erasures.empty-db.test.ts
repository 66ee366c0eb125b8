import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { backfills } from '../../src/db/schema/accounts'
import { erasures } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { deleteFrom } from '../../src/db/write'
import { BEGINNING, sweep } from '../../src/jobs/sweep'
import { type Account, call, createTestAccount, type Member, type TestResponse } from '../helpers/api'
import { createTestKey } from '../helpers/credentials'
import { execute, rows } from '../helpers/database'
import { dumpDatabase, tablesWith } from '../helpers/database-dump'
import { pageOf } from '../helpers/events'
import { createMarkedTicket, type MarkedTicket, newMarker } from '../helpers/marked-ticket'
import { callAs, createComment, getOk, patchTicket, walk } from '../helpers/tickets'
import {
  createTestWebhook,
  deleteAllWebhooks,
  deliver,
  deliveriesOf,
  drain,
  type Hook,
  type Received,
  receive,
  silenceQueue,
  silenceSweeper,
} from '../helpers/webhooks'

const MINUTE = 60_000

let account: Account
let hooks: Hook[]
let received: Received[]
let ticket: MarkedTicket
let other: MarkedTicket

/** Two tickets whose events were sent to a webhook that repeats them, and to one that fails; and some that were not sent. */
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  silenceQueue()
  silenceSweeper()
  // It would find the deletions of these tests too.
  await execute(deleteFrom(backfills, sql`true`))
  account = await createTestAccount()
  hooks = [
    await createTestWebhook(account, { include_internal: true }),
    await createTestWebhook(account, { include_internal: true }),
  ]
  received = receive(({ url, body }) => new Response(body, { status: url === hooks[1]?.url ? 500 : 200 }))
  ticket = await createMarkedTicket(account)
  other = await createMarkedTicket(account)
  await drain({}, account)
  const late = newMarker()
  ticket.markers.push(late)
  await patchTicket(account.agent, ticket.id, { title: late })
})
afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await deleteAllWebhooks()
})

const markersOf = ({ markers, comments }: MarkedTicket) => [...markers, ...comments.flatMap((each) => each.markers)]
const shownIn = (text: string, markers: string[]) => markers.filter((marker) => text.includes(marker))

async function sweepAfter(minutes: number): Promise<void> {
  vi.setSystemTime(Date.now() + minutes * MINUTE)
  await sweep(env, BEGINNING, Date.now())
}

/** Everything that the API shows: lists, events, deliveries and replays of requests. */
async function readEverything(): Promise<string> {
  const paths = ['events', 'tickets', `tickets?q=${ticket.markers.at(-1)}`, 'tickets/export', `tickets/${other.id}`]
  for (const path of ['', '/history', '/comments', '/attachments']) paths.push(`tickets/${ticket.id}${path}`)
  const responses: TestResponse[] = []
  for (const path of paths) responses.push(await callAs(account.admin, 'GET', path))
  for (const query of [`ticket_id=${ticket.id}`, 'event=comment.created,ticket.updated', 'per_page=100'])
    responses.push(await callAs(account.agent, 'GET', `events?${query}`))
  for (const hook of hooks)
    for (const { id } of await deliveriesOf(account, hook))
      responses.push(await getOk(account.admin, `webhooks/${hook.id}/deliveries/${id}`))
  return [...responses, ...(await sendAgain())].map(({ text }) => text).join('\n')
}

async function sendAgain(): Promise<TestResponse[]> {
  const responses: TestResponse[] = []
  for (const replay of ticket.replays) {
    const response = await replay()
    expect(response.status, response.text).toBeLessThan(300)
    expect(response.headers.get('Idempotent-Replayed')).toBe('true')
    responses.push(response)
  }
  return responses
}

/** Sends everything again: retries, redeliveries and replays. */
async function sendEverything(): Promise<string> {
  received.length = 0
  await deliver(account)
  for (const { id } of await deliveriesOf(account, hooks[0] as Hook))
    await callAs(account.admin, 'POST', `webhooks/${hooks[0]?.id}/deliveries/${id}/redeliver`)
  const replay = { since: '2020-01-01' }
  expect((await callAs(account.admin, 'POST', `webhooks/${hooks[0]?.id}/replay`, replay)).status).toBe(202)
  for (let turn = 0; turn < 3; turn += 1) {
    vi.setSystemTime(Date.now() + MINUTE)
    await drain({}, account)
  }
  expect(new Set(received.map(({ event }) => event.sequence)).size).toBe((await eventsOf()).length)
  return received.map(({ body }) => body).join('\n')
}

const eventsOf = async () => (await pageOf(account.agent, 'per_page=100')).data

const key = async (role: 'admin' | 'agent'): Promise<Member> => ({
  ...account[role],
  token: (await createTestKey(account, { role })).key,
})

async function remove(by: Member, path: string): Promise<void> {
  expect((await callAs(by, 'DELETE', path)).status).toBe(204)
}

const TICKET_ROUTES: [name: string, remove: () => Promise<void>][] = [
  ['an agent', () => remove(account.agent, `tickets/${ticket.id}`)],
  ['an API key', async () => remove(await key('agent'), `tickets/${ticket.id}`)],
  [
    'an admin after its comments',
    async () => {
      for (const { id } of ticket.comments) await remove(account.admin, `tickets/${ticket.id}/comments/${id}`)
      await remove(account.admin, `tickets/${ticket.id}`)
    },
  ],
]

describe('the texts of a ticket that is deleted', () => {
  it.each(TICKET_ROUTES)(
    'W17 are shown and sent nowhere after a deletion by %s, and then stored nowhere',
    async (_, removed) => {
      const markers = markersOf(ticket)
      const before = await readEverything()
      expect(shownIn(before, markers).length).toBeGreaterThan(20)
      const emitted = await eventsOf()
      await removed()
      expect(shownIn(await readEverything(), markers)).toEqual([])
      expect(shownIn(await sendEverything(), markers)).toEqual([])

      const events = await eventsOf()
      expect(events.slice(0, emitted.length)).toMatchObject(emitted.map(({ sequence, event }) => ({ sequence, event })))
      const ofTicket = (await pageOf(account.agent, `ticket_id=${ticket.id}&per_page=100`)).data
      expect(new Set(ofTicket.map(({ redacted }) => redacted))).toEqual(new Set([true]))

      await sweepAfter(1)
      const dump = await dumpDatabase()
      for (const marker of markers) expect(tablesWith(dump, marker.slice(-12)), marker).toEqual([])
      expect(await eventsOf()).toEqual(events)
      expect(shownIn(await readEverything(), markers)).toEqual([])
      expect(shownIn(await sendEverything(), markers)).toEqual([])
    },
  )

  it('W17 are erased only from what is of this ticket', async () => {
    await remove(account.agent, `tickets/${ticket.id}`)
    await sweepAfter(1)
    const [dump, shown] = [await dumpDatabase(), await readEverything()]
    const { title, description } = (await getOk(account.admin, `tickets/${other.id}`)).body.data
    for (const marker of [title, description]) {
      expect(markersOf(other)).toContain(marker)
      expect(tablesWith(dump, marker)).toEqual(expect.arrayContaining(['tickets', 'events', 'idempotency_records']))
      expect(shown).toContain(marker)
    }
    for (const { content, attachments } of (await walk(account.admin, `tickets/${other.id}/comments`)).items) {
      expect(markersOf(other)).toContain(content)
      expect(attachments).toHaveLength(1)
    }
    const ofOther = (await pageOf(account.agent, `ticket_id=${other.id}&per_page=100`)).data
    expect(ofOther.map(({ redacted }) => redacted)).toEqual(ofOther.map(() => undefined))
  })

  it('are replaced in the responses that are replayed, next to `redacted`', async () => {
    await remove(account.agent, `tickets/${ticket.id}`)
    for (const when of ['before the sweep', 'after it']) {
      const [created, commented] = await sendAgain()
      const file = { filename: '', mime_type: 'application/octet-stream', size: 34 }
      const texts = { title: '', description: '', tags: [], custom_fields: {}, attachments: [file, file] }
      expect(created?.body.data, when).toMatchObject({ id: ticket.id, number: 1, ...texts, redacted: true })
      const id = ticket.comments[0]?.id
      expect(commented?.body.data, when).toMatchObject({ id, content: '', attachments: [file, file], redacted: true })
      await sweepAfter(1)
    }
  })

  it('are forgotten together with the record of the deletion, after ten minutes', async () => {
    await remove(account.agent, `tickets/${ticket.id}`)
    const pending = () => rows(sql`SELECT * FROM ${erasures} WHERE ${erasures.accountId} = ${account.id}`)
    await sweepAfter(1)
    expect(await pending()).toHaveLength(1)
    await sweepAfter(10)
    expect(await pending()).toEqual([])
    expect(shownIn(await readEverything(), markersOf(ticket))).toEqual([])
  })
})

describe('the texts of a comment that is deleted', () => {
  it.each([
    ['its author', 1, () => account.agent],
    ['an admin', 0, () => account.admin],
  ] as const)(
    'W17 are shown and sent nowhere after a deletion by %s, and then stored nowhere',
    async (_, index, by) => {
      const comment = ticket.comments[index]
      const markers = comment?.markers ?? []
      await remove(by(), `tickets/${ticket.id}/comments/${comment?.id}`)
      const shown = await readEverything()
      expect(shownIn(shown, markers)).toEqual([])
      const sent = await sendEverything()
      expect(shownIn(sent, markers)).toEqual([])
      const events = await eventsOf()

      await sweepAfter(1)
      const dump = await dumpDatabase()
      for (const marker of markers) expect(tablesWith(dump, marker.slice(-12)), marker).toEqual([])
      expect(await eventsOf()).toEqual(events)
      const after = await readEverything()
      expect(shownIn(after, markers)).toEqual([])
      const kept = [...ticket.markers, ...(ticket.comments[1 - index]?.markers ?? [])]
      for (const text of [after, sent]) expect(shownIn(text, kept)).toEqual(shownIn(shown, kept))
      const [event] = events.filter(({ data }) => (data as { comment?: { id: string } }).comment?.id === comment?.id)
      expect(event).toMatchObject({ event: 'comment.created', redacted: true })
    },
  )

  it('leave the event of the deletion as it is', async () => {
    const { id } = await createComment(account.agent, ticket.id)
    await remove(account.agent, `tickets/${ticket.id}/comments/${id}`)
    const last = (await eventsOf()).at(-1)
    expect(last).toMatchObject({ event: 'ticket.updated', data: { changes: { comments: { previous: { id } } } } })
    expect(last).not.toHaveProperty('redacted')
  })
})

describe('a delivery that has read its event before the deletion', () => {
  it('W17 is recorded without the text of its response', async () => {
    received.length = 0
    vi.mocked(globalThis.fetch).mockRestore()
    const during = receive(async ({ body, event }) => {
      if (event.data.ticket?.id === ticket.id && during.length === 1) {
        await remove(account.agent, `tickets/${ticket.id}`)
        await sweep(env, BEGINNING, Date.now() + MINUTE)
      }
      return new Response(body)
    })
    await deliver(account)
    const late = ticket.markers.at(-1) ?? ''
    expect(during[0]?.body).toContain(late)
    const dump = await dumpDatabase()
    expect(tablesWith(dump, late)).toEqual([])
    expect(shownIn(await readEverything(), [late])).toEqual([])
  })
})

describe('an idempotency key of a deleted ticket', () => {
  it('still rejects another request, and does not create the ticket again', async () => {
    const body = { title: 'One', description: 'Two' }
    const headers = { 'Idempotency-Key': 'once' }
    const send = (sent: unknown) => call('POST', 'tickets', { token: account.agent.token, headers, body: sent })
    const { id } = (await send(body)).body.data
    await remove(account.agent, `tickets/${id}`)
    await sweepAfter(20)
    expect((await send(body)).body.data).toMatchObject({ id, title: '', redacted: true })
    expect((await send({ ...body, title: 'Other' })).status).toBe(422)
  })
})
