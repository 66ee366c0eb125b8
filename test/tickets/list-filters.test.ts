import { beforeAll, describe, expect, it } from 'vitest'
import { PRIORITIES, TICKET_STATUSES } from '../../src/tickets/values'
import { type Account, createTestAccount, createTestMember, type Member } from '../helpers/api'
import { detailWith } from '../helpers/messages'
import { callAs, detailsOf, type Seeded, seedTickets } from '../helpers/tickets'

const DAY = 86_400_000
/** The first ticket is created at this midnight, each other one a day later. */
const START = Date.UTC(2026, 0, 1)
const HOUR = 3_600_000

let account: Account
let foreign: Account
let seeded: Seeded[]
/** Several agents share the requests, so that none is rate limited. */
let agents: Member[]

beforeAll(async () => {
  account = await createTestAccount()
  foreign = await createTestAccount()
  agents = await Promise.all([1, 2].map(() => createTestMember(account.id, 'agent')))
  const { admin, agent, customer, stranger } = account
  const assignees = [null, agent, admin]
  const creators = [customer, stranger, agent, customer]
  seeded = await seedTickets(
    account,
    Array.from({ length: 48 }, (_, i) => ({
      title: i % 5 === 0 ? `Printer ${i}` : `Screen ${i}`,
      status: TICKET_STATUSES[i % 4] ?? 'open',
      priority: PRIORITIES[Math.floor(i / 4) % 4] ?? 'low',
      assignedTo: assignees[Math.floor(i / 16)] ?? null,
      createdBy: creators[i % 3] ?? customer,
      tags: [...(i % 2 === 0 ? ['even'] : []), ...(i % 3 === 0 ? ['Third, ä'] : [])],
      createdAt: START + i * DAY,
      updatedAt: START + i * DAY + 12 * HOUR + 500,
    })),
  )
  await seedTickets(foreign, [{ title: 'Printer of others', createdBy: foreign.customer, createdAt: START }])
})

type Case = [query: string, matches: (ticket: Seeded) => boolean]

const CASES: Case[] = [
  ['', () => true],
  ['status=open', (t) => t.status === 'open'],
  ['status=open,in_progress', (t) => ['open', 'in_progress'].includes(t.status)],
  ['status=open,open', (t) => t.status === 'open'],
  ['status=open,in_progress,resolved,closed', () => true],
  ['priority=critical', (t) => t.priority === 'critical'],
  ['priority=low,high', (t) => ['low', 'high'].includes(t.priority)],
  ['status=closed&priority=high,low', (t) => t.status === 'closed' && ['low', 'high'].includes(t.priority)],
  ['assigned_to=none', (t) => t.assignedTo === null],
  ['assigned_to=AGENT', (t) => t.assignedTo === account.agent],
  ['assigned_to=AGENT,ADMIN', (t) => t.assignedTo !== null],
  ['assigned_to=none,ADMIN', (t) => t.assignedTo !== account.agent],
  ['assigned_to=AGENT&status=resolved', (t) => t.assignedTo === account.agent && t.status === 'resolved'],
  ['assigned_to=none&priority=low,medium', (t) => t.assignedTo === null && ['low', 'medium'].includes(t.priority)],
  ['assigned_to=nobody_has_this', () => false],
  ['created_by=CUSTOMER', (t) => t.createdBy === account.customer],
  ['created_by=CUSTOMER,AGENT', (t) => t.createdBy !== account.stranger],
  ['created_by=CUSTOMER&status=open', (t) => t.createdBy === account.customer && t.status === 'open'],
  ['created_by=STRANGER&priority=high', (t) => t.createdBy === account.stranger && t.priority === 'high'],
  ['created_by=CUSTOMER&assigned_to=AGENT', (t) => t.createdBy === account.customer && t.assignedTo === account.agent],
  ['number=7', (t) => t.number === 7],
  ['number=4711', () => false],
  ['number=1&status=closed', (t) => t.number === 1 && t.status === 'closed'],
  ['tag=even', (t) => t.tags.includes('even')],
  ['tag=Third,%20%C3%A4', (t) => t.tags.includes('Third, ä')],
  ['tag=EVEN', () => false],
  ['tag=even&status=open&assigned_to=none', (t) => t.tags[0] === 'even' && t.status === 'open' && !t.assignedTo],
  ['created_after=2026-01-10', (t) => t.createdAt >= START + 9 * DAY],
  ['created_before=2026-01-10', (t) => t.createdAt < START + 9 * DAY],
  ['created_after=2026-01-10&created_before=2026-01-11', (t) => t.createdAt === START + 9 * DAY],
  ['created_after=2026-01-10T00:00:00Z', (t) => t.createdAt >= START + 9 * DAY],
  ['created_after=2026-01-10T00:00:01Z', (t) => t.createdAt > START + 9 * DAY],
  ['created_before=2026-01-10T02:00:00%2B02:00', (t) => t.createdAt < START + 9 * DAY],
  ['created_before=2026-01-10T00:00:00.001Z', (t) => t.createdAt <= START + 9 * DAY],
  ['updated_after=2026-01-10T12:00:00.500Z', (t) => t.createdAt >= START + 9 * DAY],
  ['updated_after=2026-01-10T12:00:00.501Z', (t) => t.createdAt > START + 9 * DAY],
  ['updated_before=2026-01-10T12:00:00.500Z', (t) => t.createdAt < START + 9 * DAY],
  ['updated_before=2026-01-10T12:00:01Z', (t) => t.createdAt <= START + 9 * DAY],
  ['created_after=2026-02-01&updated_before=2026-02-01', () => false],
  ['q=printer', (t) => t.title.startsWith('Printer')],
  ['q=printer&status=open,closed', (t) => t.title.startsWith('Printer') && ['open', 'closed'].includes(t.status)],
  [
    'q=screen&tag=even&priority=low,medium&assigned_to=none&created_after=2026-01-03&sort=priority&order=asc',
    (t) =>
      t.title.startsWith('Screen') &&
      t.tags.includes('even') &&
      ['low', 'medium'].includes(t.priority) &&
      t.assignedTo === null &&
      t.createdAt >= START + 2 * DAY,
  ],
]

async function expectList(by: Member, query: string, expected: Seeded[]) {
  const { admin, agent, customer, stranger } = account
  const named = { ADMIN: admin.id, AGENT: agent.id, CUSTOMER: customer.id, STRANGER: stranger.id }
  const path = Object.entries(named).reduce((text, [word, id]) => text.replaceAll(word, id), query)
  const response = await callAs(by, 'GET', `tickets?${path}&per_page=100`)
  expect(response.status, response.text).toBe(200)
  const found = response.body.data.map((ticket: { number: number }) => ticket.number)
  expect(found.toSorted((a: number, b: number) => a - b)).toEqual(expected.map((ticket) => ticket.number))
  expect(response.body.pagination.total).toBe(expected.length)
}

describe('the filters of GET /tickets', () => {
  it.each(CASES)('%s: an agent finds exactly those, and so many are told', async (query, matches) => {
    await expectList(agents[0] ?? account.agent, query, seeded.filter(matches))
  })

  it.each(CASES)('%s: a customer finds exactly its own of those (S08)', async (query, matches) => {
    const own = seeded.filter((ticket) => ticket.createdBy === account.customer && matches(ticket))
    await expectList(account.customer, query, own)
  })

  it('takes `me` for the caller, in both', async () => {
    const { agent, customer, stranger } = account
    await expectList(
      agent,
      'assigned_to=me',
      seeded.filter((t) => t.assignedTo === agent),
    )
    await expectList(
      agent,
      'created_by=me',
      seeded.filter((t) => t.createdBy === agent),
    )
    await expectList(
      agent,
      'assigned_to=me,none',
      seeded.filter((t) => !t.assignedTo || t.assignedTo === agent),
    )
    await expectList(
      agent,
      'assigned_to=me,AGENT',
      seeded.filter((t) => t.assignedTo === agent),
    )
    await expectList(
      agent,
      'created_by=me,STRANGER',
      seeded.filter((t) => t.createdBy === agent || t.createdBy === stranger),
    )
    await expectList(
      customer,
      'created_by=me',
      seeded.filter((t) => t.createdBy === customer),
    )
    await expectList(
      customer,
      'created_by=me,STRANGER',
      seeded.filter((t) => t.createdBy === customer),
    )
    await expectList(customer, 'assigned_to=me', [])
  })

  it('S08 finds nothing, and no name, under the IDs of another account', async () => {
    for (const query of [`created_by=${foreign.customer.id}`, `assigned_to=${foreign.agent.id}`]) {
      const response = await callAs(account.agent, 'GET', `tickets?${query}`)
      expect(response.body).toMatchObject({ data: [], pagination: { total: 0, last_page: 1 } })
    }
  })

  it('S08 keeps lists and totals of two accounts apart', async () => {
    const response = await callAs(foreign.admin, 'GET', 'tickets?q=printer')
    expect(response.body.pagination.total).toBe(1)
    expect(response.body.data[0].title).toBe('Printer of others')
  })
})

describe('parameters that do not fit', () => {
  const STATUS_RULE = 'Status must be one of: open, in_progress, resolved, closed'
  const IDS_RULE = 'must be IDs of 1 to 64 letters, digits, _ and -, separated by commas'
  const BAD: [query: string, field: string, message: string, code?: string][] = [
    ['status=opened', 'status', STATUS_RULE],
    ['status=', 'status', STATUS_RULE],
    ['status=open,', 'status', STATUS_RULE],
    ['status=open,%20closed', 'status', STATUS_RULE],
    ['status=open&status=closed', 'status', 'Status must be a single string'],
    ["status=open'--", 'status', STATUS_RULE],
    ["status=open') OR 1=1 --", 'status', STATUS_RULE],
    ['priority=urgent', 'priority', 'Priority must be one of: low, medium, high, critical'],
    ['sort=title', 'sort', 'Sort must be one of: created_at, updated_at, priority'],
    ['sort=created_at;DROP TABLE tickets', 'sort', 'Sort must be one of: created_at, updated_at, priority'],
    ['order=ASC', 'order', 'Order must be one of: asc, desc'],
    ['order=desc,(SELECT 1)', 'order', 'Order must be one of: asc, desc'],
    ['number=0', 'number', 'Number must be 1 or more'],
    ['number=0x10', 'number', 'Number must be a whole number in plain digits'],
    ['page=1e3', 'page', 'Page must be a whole number in plain digits'],
    ['page=%205%20', 'page', 'Page must be a whole number in plain digits'],
    ['page=', 'page', 'Page must be a whole number in plain digits'],
    ['page=-1', 'page', 'Page must be a whole number in plain digits'],
    ['page=1&page=2', 'page', 'Page must be a single string'],
    ['per_page=0', 'per_page', 'per_page must be between 1 and 100'],
    ['per_page=101', 'per_page', 'per_page must be between 1 and 100'],
    [
      'created_after=yesterday',
      'created_after',
      'created_after must be an RFC 3339 time, such as 2025-05-01T09:30:00Z, or a date',
    ],
    ['created_before=2026-02-30', 'created_before', 'created_before must be a time or a date that exists'],
    ['updated_after=2026-01-01T00:00:00', 'updated_after', 'updated_after must end with Z or an offset such as +02:00'],
    ['updated_before=2026-01-01T24:00:00Z', 'updated_before', 'updated_before must be a time or a date that exists'],
    [`status=${Array(51).fill('open')}`, 'status', 'Status must have at most 50 values'],
    ['assigned_to=a%20b', 'assigned_to', `assigned_to ${IDS_RULE}`, 'invalid_format'],
    ["created_by=x'--", 'created_by', `created_by ${IDS_RULE}`, 'invalid_format'],
    ['created_by=a,,b', 'created_by', `created_by ${IDS_RULE}`, 'too_short'],
    [`created_by=a,${'b'.repeat(65)}`, 'created_by', `created_by ${IDS_RULE}`, 'too_long'],
    [`created_by=${Array(51).fill('a')}`, 'created_by', 'created_by must have at most 50 values'],
    ['stauts=open', 'stauts', 'Stauts is not a known parameter'],
  ]

  it.each(BAD)('S14 refuses %s', async (query, field, message, code) => {
    const response = await callAs(agents[1] ?? account.agent, 'GET', `tickets?${query}`)
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([
      code ? { field, message, code } : detailWith(field, message),
    ])
    expect(response.body.error.message).toBe('The request data is invalid')
  })

  it('names each of several at once', async () => {
    const response = await callAs(account.agent, 'GET', 'tickets?status=x&order=up&per_page=0&colour=red')
    const fields = detailsOf(response, 400, 'invalid_input').map((detail) => detail.field)
    expect(fields.sort()).toEqual(['colour', 'order', 'per_page', 'status'])
  })
})
