import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { runAdmin } from '../helpers/node/admin.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { runScript } from '../helpers/node/project-copy.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'
import { logInAs } from '../helpers/node/webhooks.ts'

const state = preparedState()
let server: RunningServer

const Page = z.object({
  data: z.array(z.looseObject({ id: z.string() })),
  pagination: z.looseObject({ total: z.number() }),
})
const Events = z.object({
  data: z.array(z.object({ event: z.string(), data: z.looseObject({}) })),
  pagination: z.looseObject({ next_cursor: z.string().nullable() }),
})
const Ticket = z.object({ data: z.looseObject({ version: z.number() }) })

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
})
afterAll(async () => {
  await server.stop()
  state.remove()
})

function seed(...args: string[]) {
  vi.stubEnv('TICKETING_STATE', state.folder)
  const result = runScript(ROOT, 'seed', ...args)
  vi.unstubAllEnvs()
  return result
}

describe('the demo data', () => {
  it('shows lists, search and stats', async () => {
    const ada = await logInAs(server.origin, 'ada@globex.example')
    const total = async (query: string) => Page.parse(await ada.get(`/tickets?${query}`)).pagination.total
    expect(await total('')).toBe(200)
    for (const query of [
      'q=printer',
      'q=Drucker',
      'status=open',
      'priority=critical',
      'tag=hardware',
      'assigned_to=none',
    ])
      expect(await total(query), query).toBeGreaterThan(2)
  })

  it('has events whose last state of a ticket is the ticket', async () => {
    const ada = await logInAs(server.origin, 'ada@globex.example')
    const latest = new Map<string, unknown>()
    let path = '/events?per_page=100'
    for (;;) {
      const { data, pagination } = Events.parse(await ada.get(path))
      for (const { event, data: content } of data) {
        const ticket = z.looseObject({ id: z.string() }).parse(content.ticket)
        if (event === 'ticket.updated') latest.set(ticket.id, ticket)
        // A later comment gives the ticket a version that no event shows.
        else latest.delete(ticket.id)
      }
      if (data.length === 0) break
      path = `/events?per_page=100&cursor=${pagination.next_cursor}`
    }
    expect(latest.size).toBeGreaterThan(10)
    for (const [id, snapshot] of [...latest].slice(0, 10)) {
      const { data } = Ticket.parse(await ada.get(`/tickets/${id}`))
      expect(data).toMatchObject(z.looseObject({}).parse(snapshot))
    }
  })
})

describe('npm run seed', () => {
  it('adds tickets while a server runs, and leaves counters right', async () => {
    expect(await seed('--tickets', '700')).toMatchObject({ code: 0, err: '' })
    const ada = await logInAs(server.origin, 'ada@globex.example')
    expect(Page.parse(await ada.get('/tickets?per_page=1')).pagination.total).toBe(900)
    const created = Ticket.parse(await ada.post('/tickets', { title: 'The next', description: 'After the seed' }))
    expect(created.data).toMatchObject({ number: 901, version: 1 })
    const { code, out } = await runAdmin(state.folder, 'verify')
    expect([code, out.match(/ ok$/gm)?.length]).toEqual([0, 12])
  })

  it.each(['0', '-1', '1.5', 'many', '100001'])('rejects --tickets=%s', async (count) => {
    const err = `--tickets must be a number from 1 to 100000, not ${count}`
    expect(await seed(`--tickets=${count}`)).toEqual({ code: 1, out: '', err })
  })
})
