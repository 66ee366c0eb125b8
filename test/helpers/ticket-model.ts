import { env } from 'cloudflare:workers'
import { PRIORITIES, TICKET_STATUSES } from '../../src/tickets/values'
import { type Account, rows } from './api'
import { type Seed, seedTickets } from './tickets'

/** What a list of tickets should be, worked out here from the rows that there are: what the API is held against. */

/** Chance from a seed (mulberry32), so that what has failed once fails again. */
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

/** All tickets of an account, as they are stored. */
export async function storedTickets({ id }: Account): Promise<Stored[]> {
  const found = await rows<Omit<Stored, 'tags'> & { tags: string }>(
    `SELECT id, number, title, description, status, priority, created_by, assigned_to, tags, created_at, updated_at
    FROM tickets WHERE account_id = ?`,
    id,
  )
  return found.map((ticket) => ({ ...ticket, tags: JSON.parse(ticket.tags) }))
}

/** The parameters of a list: several values as they are joined with commas, times in ms. */
export interface Wish {
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

export function queryOf(wish: Wish): string {
  const parameters = Object.entries(wish).map(([name, value]): [string, string] => [
    name,
    /after|before/.test(name) ? new Date(value).toISOString() : String(value),
  ])
  return new URLSearchParams(parameters).toString()
}

/** The tickets that a list must hold, in its order. */
export function expectedOf(wish: Wish, tickets: Stored[]): Stored[] {
  return tickets.filter((ticket) => matches(wish, ticket)).toSorted((a, b) => comparison(wish, a, b))
}

function matches(wish: Wish, t: Stored): boolean {
  const words = wordsOf(`${t.title} ${t.description}`)
  return (
    (wish.status?.includes(t.status) ?? true) &&
    (wish.priority?.includes(t.priority) ?? true) &&
    (wish.assigned_to?.includes(t.assigned_to ?? 'none') ?? true) &&
    (wish.created_by?.includes(t.created_by) ?? true) &&
    t.number === (wish.number ?? t.number) &&
    (wish.tag === undefined || t.tags.includes(wish.tag)) &&
    wordsOf(wish.q ?? '').every((wanted) => words.some((word) => word.startsWith(wanted))) &&
    t.created_at >= (wish.created_after ?? 0) &&
    t.created_at < (wish.created_before ?? Number.POSITIVE_INFINITY) &&
    t.updated_at >= (wish.updated_after ?? 0) &&
    t.updated_at < (wish.updated_before ?? Number.POSITIVE_INFINITY)
  )
}

function wordsOf(text: string): string[] {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().match(/\w+/g) ?? []
}

const RANKS = new Map<string, number>(PRIORITIES.map((name, rank) => [name, rank]))
const rankOf = ({ priority }: Stored) => RANKS.get(priority) ?? -1

function comparison({ sort = 'created_at', order = 'desc' }: Wish, a: Stored, b: Stored): number {
  const way = order === 'desc' ? -1 : 1
  if (sort === 'priority') return way * (rankOf(a) - rankOf(b)) || b.created_at - a.created_at || b.number - a.number
  return way * (a[sort] - b[sort] || a.number - b.number)
}

export const START = Date.UTC(2026, 4, 1)
export const SECOND = 1_000
const TITLES = ['Printer on fire', 'Printing twice', 'Drücker klemmt', 'Screen is black', 'Paper jam']

/** A ticket of chance, its times among 60 of each kind, so that many are the same. */
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

/** Some tickets go, as many come, younger than all others, as new ones are, and some change, all by SQL. */
export async function churn(account: Account, die: Dice, going: string[], changing: string[]): Promise<void> {
  await seedTickets(
    account,
    going.map(() => ({ ...anyTicket(die, account), createdAt: START + 60 * SECOND })),
  )
  const named = 'WHERE account_id = ?1 AND id IN (SELECT value FROM json_each(?2))'
  await env.DB.batch([
    env.DB.prepare(`DELETE FROM tickets ${named}`).bind(account.id, JSON.stringify(going)),
    env.DB.prepare(
      `UPDATE tickets SET status = ?3, priority = ?4, assigned_to = NULL, title = 'Changed', tags = '["odd"]',
        updated_at = ?5, version = version + 1 ${named}`,
    ).bind(account.id, JSON.stringify(changing), die.pick(TICKET_STATUSES), die.pick(PRIORITIES), START + 130 * SECOND),
  ])
}
