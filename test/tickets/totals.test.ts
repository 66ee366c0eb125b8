import { beforeAll, describe, expect, it } from 'vitest'
import { PRIORITIES, TICKET_STATUSES } from '../../src/tickets/values'
import { type Account, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import {
  anyTicket,
  type Dice,
  dice,
  expectedOf,
  type ListQuery,
  queryOf,
  START,
  type Stored,
  storedTickets,
} from '../helpers/ticket-model'
import { callAs, getOk, idsOf, patchTicket, seedTickets } from '../helpers/tickets'

const SEED = 11
const die = dice(SEED)

let account: Account
let foreign: Account
let stored: Stored[]
/** Several users share the requests, so that none is rate limited. */
let staff: Member[]

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
  for (const each of [account, foreign])
    await seedTickets(
      each,
      Array.from({ length: 120 }, () => anyTicket(die, each)),
    )
  staff = await Promise.all([1, 2, 3].map(() => createTestMember(account.id, 'agent')))
  await changeTickets(account)
  stored = await storedTickets(account)
})

/** Creates, changes and deletes tickets through the API, so that every counter goes up and down. */
async function changeTickets({ admin, agent, customer, stranger }: Account): Promise<void> {
  for (let step = 0; step < 100; step += 1) {
    const { title, description, status, priority, tags } = anyTicket(die, account)
    const ids = idsOf(await storedTickets(account))
    const id = die.pick(ids)
    const kind = die.below(10)
    if (kind < 3) {
      const by = die.pick([agent, customer, stranger])
      const of = by === agent ? { status, created_by: die.pick([customer, stranger]).id } : {}
      await createTicket(by, { title, description, priority, tags, ...of })
    } else if (kind < 5) {
      expect((await callAs(admin, 'DELETE', `tickets/${id}`)).status).toBe(204)
    } else {
      const changes = [
        { status },
        { priority },
        { assigned_to: die.pick([null, agent, admin])?.id ?? null },
        { created_by: die.pick([customer, stranger, agent]).id },
        { title, tags },
      ]
      await patchTicket(admin, id, Object.assign({}, ...die.some(1 + die.below(3), changes)))
    }
  }
}

function randomQuery(fields: readonly (keyof ListQuery)[], { pick, some, below }: Dice): ListQuery {
  const { admin, agent, customer, stranger } = account
  const time = () => START + below(120) * 1_000
  const all: Required<ListQuery> = {
    status: some(1 + below(2), TICKET_STATUSES),
    priority: some(1 + below(2), PRIORITIES),
    assigned_to: some(1 + below(2), ['none', agent.id, admin.id, foreign.agent.id]),
    created_by: some(1 + below(2), [customer.id, stranger.id, agent.id, foreign.customer.id]),
    number: 1 + below(130),
    tag: pick(['even', 'odd', 'paper, black']),
    q: pick(['print', 'printer', 'drucker', 'paper j', 'floor the', 'PRINTED']),
    created_after: time(),
    created_before: time() + 40_000,
    updated_after: time(),
    updated_before: time() + 40_000,
    sort: pick(['created_at', 'updated_at', 'priority']),
    order: pick(['asc', 'desc']),
  }
  return Object.fromEntries(Object.entries(all).filter(([name]) => fields.some((field) => field === name)))
}

const FIELDS = ['status', 'priority', 'assigned_to', 'created_by', 'tag', 'q'] as const
const TIMES: (keyof ListQuery)[][] = [
  [],
  ['created_after'],
  ['created_before'],
  ['updated_after'],
  ['updated_before'],
  ['created_after', 'created_before'],
  ['updated_after', 'updated_before'],
  ['created_after', 'updated_after'],
  ['created_before', 'updated_before'],
]

async function expectList(by: Member, query: ListQuery, visible: Stored[]): Promise<number> {
  const path = `tickets?${queryOf(query)}&per_page=100`
  const { data, pagination } = (await getOk(by, path)).body
  const expected = idsOf(expectedOf(query, visible))
  expect([pagination.total, idsOf(data)], path).toEqual([expected.length, expected.slice(0, 100)])
  return expected.length
}

describe(`every combination of filters (seed ${SEED})`, () => {
  it.each(TIMES.map((times) => ({ times })))(
    'and $times: totals and lists match a recount',
    { timeout: 60_000 },
    async ({ times }) => {
      let found = 0
      for (let combination = 0; combination < 2 ** FIELDS.length; combination += 1) {
        const fields = FIELDS.filter((_, index) => combination & (1 << index))
        const query = randomQuery([...fields, ...times, 'sort', 'order'], die)
        found += await expectList(die.pick(staff), query, stored)
      }
      expect(found).toBeGreaterThan(100)
    },
  )

  it('C08 counts only the tickets of a customer', { timeout: 60_000 }, async () => {
    const customers = [account.customer, account.stranger]
    for (let tests = 0; tests < 250; tests += 1) {
      const by = die.pick(customers)
      const fields = die.some(die.below(4), [...FIELDS, ...TIMES.flat(), 'number' as const])
      const own = stored.filter((ticket) => ticket.created_by === by.id)
      await expectList(by, randomQuery([...fields, 'sort', 'order'], die), own)
    }
  })

  it('with a number: returns the ticket with this number if it matches the other filters', async () => {
    for (let tests = 0; tests < 60; tests += 1)
      await expectList(die.pick(staff), randomQuery(['number', ...die.some(die.below(3), FIELDS)], die), stored)
    for (const { number } of die.some(10, stored)) await expectList(account.agent, { number }, stored)
  })
})

describe('GET /tickets/stats', () => {
  function statsOf(tickets: Stored[]) {
    const { admin, agent } = account
    const count = (matches: (ticket: Stored) => boolean) => tickets.filter(matches).length
    const assignees = [null, admin, agent].map((assignee) => ({
      assigned_to: assignee && { id: assignee.id, name: assignee.name, email: assignee.email },
      count: count((ticket) => ticket.assigned_to === (assignee?.id ?? null)),
    }))
    return {
      total: tickets.length,
      by_status: Object.fromEntries(TICKET_STATUSES.map((name) => [name, count(({ status }) => status === name)])),
      by_priority: Object.fromEntries(PRIORITIES.map((name) => [name, count(({ priority }) => priority === name)])),
      by_assignee: assignees.filter((assignee) => assignee.count > 0),
    }
  }
  const byName = ({ by_assignee: assignees, ...rest }: ReturnType<typeof statsOf>) => ({
    ...rest,
    by_assignee: assignees.toSorted((a, b) => (a.assigned_to?.id ?? '').localeCompare(b.assigned_to?.id ?? '')),
  })
  const stats = async (by: Member) => (await getOk(by, 'tickets/stats')).body.data

  it('C08 matches a recount: of the account for agents, of their own tickets for customers', async () => {
    for (const by of [account.agent, account.admin]) expect(byName(await stats(by))).toEqual(byName(statsOf(stored)))
    for (const by of [account.customer, account.stranger]) {
      const own = stored.filter((ticket) => ticket.created_by === by.id)
      expect(own.length).toBeGreaterThan(10)
      expect(byName(await stats(by))).toEqual(byName(statsOf(own)))
    }
    const { by_assignee: assignees } = await stats(account.agent)
    expect(assignees).toEqual(assignees.toSorted((a: { count: number }, b: { count: number }) => b.count - a.count))
    expect(assignees.some(({ assigned_to: to }: { assigned_to: unknown }) => to === null)).toBe(true)
  })

  it('S08 contains nothing of another account, also for an empty account, and lists no user without a ticket', async () => {
    const empty = await createTestAccount()
    const nothing = { total: 0, by_assignee: [], by_status: expect.anything(), by_priority: expect.anything() }
    for (const by of [empty.agent, empty.customer]) expect(await stats(by)).toEqual(nothing)
    const { id } = await createTicket(empty.agent, { assigned_to: empty.agent.id, created_by: empty.customer.id })
    const { name, email } = empty.agent
    const assignee = { assigned_to: { id: empty.agent.id, name, email }, count: 1 }
    expect((await stats(empty.customer)).by_assignee).toEqual([assignee])
    await patchTicket(empty.agent, id, { assigned_to: null })
    for (const by of [empty.agent, empty.customer])
      expect(await stats(by)).toMatchObject({ total: 1, by_assignee: [{ assigned_to: null, count: 1 }] })
    expect((await stats(empty.stranger)).total).toBe(0)
    await callAs(empty.agent, 'DELETE', `tickets/${id}`)
    for (const by of [empty.agent, empty.customer]) expect(await stats(by)).toEqual(nothing)
  })

  it('has no parameters', async () => {
    expect((await callAs(account.agent, 'GET', 'tickets/stats?status=open')).status).toBe(400)
  })
})
