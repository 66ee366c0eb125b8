import { env } from 'cloudflare:workers'
import { tickets as ticketsTable } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { deleteFrom, update } from '../../src/db/write'
import { PRIORITIES, TICKET_STATUSES } from '../../src/tickets/values'
import type { Account } from './api'
import { prepare, rows } from './database'
import { type Seed, seedTickets } from './tickets'

/** Computes lists of tickets from the stored rows, to compare the API with. */

/** Pseudorandom numbers (mulberry32) that a seed reproduces. */
export function dice(seed: number) {
  let state = seed
  const roll = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(roll() * limit)
  return {
    below,
    chance: (share: number) => roll() < share,
    pick: <T>(from: readonly T[]): T => {
      const picked = from[below(from.length)]
      if (picked === undefined) throw new Error('there is nothing to pick from')
      return picked
    },
    some: <T>(count: number, from: readonly T[]): T[] =>
      from
        .map((value) => ({ value, place: roll() }))
        .toSorted((a, b) => a.place - b.place)
        .slice(0, count)
        .map(({ value }) => value),
  }
}
export type Dice = ReturnType<typeof dice>

export interface Stored {
  id: string
  number: number
  title: string
  description: string
  status: string
  priority: string
  created_by: string
  assigned_to: string | null
  tags: string[]
  created_at: number
  updated_at: number
}

export async function storedTickets({ id }: Account): Promise<Stored[]> {
  const found = await rows(
    select(
      {
        id: ticketsTable.id,
        number: ticketsTable.number,
        title: ticketsTable.title,
        description: ticketsTable.description,
        status: ticketsTable.status,
        priority: ticketsTable.priority,
        created_by: ticketsTable.createdBy,
        assigned_to: ticketsTable.assignedTo,
        tags: ticketsTable.tags,
        created_at: ticketsTable.createdAt,
        updated_at: ticketsTable.updatedAt,
      },
      sql`FROM ${ticketsTable} WHERE ${ticketsTable.accountId} = ${id}`,
    ),
  )
  return found.map((ticket) => ({ ...ticket, tags: JSON.parse(ticket.tags) }))
}

/** The parameters of a list. Several values are joined by commas; times are in ms. */
export interface ListQuery {
  status?: string[]
  priority?: string[]
  assigned_to?: string[]
  created_by?: string[]
  number?: number
  tag?: string
  q?: string
  created_after?: number
  created_before?: number
  updated_after?: number
  updated_before?: number
  sort?: 'created_at' | 'updated_at' | 'priority'
  order?: 'asc' | 'desc'
}

export function queryOf(query: ListQuery): string {
  const parameters = Object.entries(query).map(([name, value]): [string, string] => [
    name,
    /after|before/.test(name) ? new Date(value).toISOString() : String(value),
  ])
  return new URLSearchParams(parameters).toString()
}

export function expectedOf(query: ListQuery, tickets: Stored[]): Stored[] {
  return tickets.filter((ticket) => matches(query, ticket)).toSorted((a, b) => comparison(query, a, b))
}

function matches(query: ListQuery, t: Stored): boolean {
  const words = wordsOf(`${t.title} ${t.description}`)
  return (
    (query.status?.includes(t.status) ?? true) &&
    (query.priority?.includes(t.priority) ?? true) &&
    (query.assigned_to?.includes(t.assigned_to ?? 'none') ?? true) &&
    (query.created_by?.includes(t.created_by) ?? true) &&
    t.number === (query.number ?? t.number) &&
    (query.tag === undefined || t.tags.includes(query.tag)) &&
    wordsOf(query.q ?? '').every((terms) => words.some((word) => word.startsWith(terms))) &&
    t.created_at >= (query.created_after ?? 0) &&
    t.created_at < (query.created_before ?? Number.POSITIVE_INFINITY) &&
    t.updated_at >= (query.updated_after ?? 0) &&
    t.updated_at < (query.updated_before ?? Number.POSITIVE_INFINITY)
  )
}

function wordsOf(text: string): string[] {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().match(/\w+/g) ?? []
}

const RANKS = new Map<string, number>(PRIORITIES.map((name, rank) => [name, rank]))
const rankOf = ({ priority }: Stored) => RANKS.get(priority) ?? -1

function comparison({ sort = 'created_at', order = 'desc' }: ListQuery, a: Stored, b: Stored): number {
  const direction = order === 'desc' ? -1 : 1
  if (sort === 'priority')
    return direction * (rankOf(a) - rankOf(b)) || b.created_at - a.created_at || b.number - a.number
  return direction * (a[sort] - b[sort] || a.number - b.number)
}

export const START = Date.UTC(2026, 4, 1)
export const SECOND = 1_000
const TITLES = ['Printer on fire', 'Printing twice', 'Drücker klemmt', 'Screen is black', 'Paper jam']

/** Times are among 60 values, so that many are equal. */
export function anyTicket({ pick, below, chance }: Dice, { agent, admin, customer, stranger }: Account): Seed {
  const createdAt = START + below(60) * SECOND
  return {
    title: pick(TITLES),
    description: pick(['The third floor', 'My desk', 'Printed on both sides']),
    status: pick(TICKET_STATUSES),
    priority: pick(PRIORITIES),
    createdBy: pick([customer, customer, stranger, agent]),
    assignedTo: pick([null, agent, admin]),
    tags: ['even', 'odd', 'paper, black'].filter(() => chance(0.4)),
    createdAt,
    updatedAt: createdAt + below(60) * SECOND,
  }
}

/** Deletes some tickets, inserts as many newer ones, and changes others, by SQL. */
export async function churn(account: Account, die: Dice, going: string[], changing: string[]): Promise<void> {
  await seedTickets(
    account,
    going.map(() => ({ ...anyTicket(die, account), createdAt: START + 60 * SECOND })),
  )
  const isOneOf = (ids: string[]) =>
    sql`${ticketsTable.accountId} = ${account.id} AND ${ticketsTable.id} IN (SELECT value
      FROM json_each(${JSON.stringify(ids)}))`
  await env.DB.batch([
    prepare(deleteFrom(ticketsTable, isOneOf(going))),
    prepare(
      update(
        ticketsTable,
        {
          status: die.pick(TICKET_STATUSES),
          priority: die.pick(PRIORITIES),
          assignedTo: null,
          title: 'Changed',
          tags: '["odd"]',
          updatedAt: START + 130 * SECOND,
          version: sql`${ticketsTable.version} + 1`,
        },
        isOneOf(changing),
      ),
    ),
  ])
}
