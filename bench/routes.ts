import { heavyNumber, readTickets, ticketId } from './dataset.ts'
import { FAR, LISTS } from './lists.ts'
import type { Role } from './token.ts'

export interface MeasuredRoute {
  name: string
  role: Role
  method: 'GET' | 'POST' | 'PATCH'
  /** Used in turns. */
  paths: readonly string[]
  /** The body of the nth request to a path. */
  body?: (n: number) => string
  hasFloor: boolean
  /** A stream of all matches. */
  isStream: boolean
}

const TICKETS = '/api/v1/tickets'

const LIST_NAMES: Record<keyof typeof LISTS, string> = {
  all: 'GET /tickets',
  open: 'GET /tickets?status=open',
  mine: 'GET /tickets?assigned_to=me&sort=updated_at',
  leastUrgent: 'GET /tickets?sort=priority&order=asc',
  farPage: `GET /tickets, at offset ${FAR.toLocaleString('en')}`,
  customers: "GET /tickets, a customer's own",
  rareWord: 'GET /tickets?q= a rare word',
  commonWord: 'GET /tickets?q= a word of all tickets',
  rareTag: 'GET /tickets?tag= a rare tag',
  commonTag: 'GET /tickets?tag= at one in fifty',
  recent: 'GET /tickets?created_after= the last day',
}

const NEW_TICKET = JSON.stringify({
  title: 'Cannot export reports',
  description: "The export button doesn't work when I try to export monthly reports",
  priority: 'medium',
  tags: ['reports', 'export'],
  custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
})
const NEW_COMMENT = JSON.stringify({ content: 'I looked into it and it happens with every browser that I tried.' })

/**
 * Writing routes come last, so that the others read the same data in every round. `deepCursor` points to the middle of
 * the list of all tickets.
 */
export function routesOf(size: number, deepCursor: string): MeasuredRoute[] {
  const tickets = readTickets(size).map((id) => `${TICKETS}/${id}`)
  return [
    read('GET /health', '/health'),
    ...listsOf(size),
    read('GET /tickets?cursor= half way down', `${TICKETS}?cursor=${deepCursor}`),
    { ...read('GET /tickets/{id}'), paths: tickets },
    read('GET /tickets/{id}, 10,000 comments', `${TICKETS}/${ticketId(heavyNumber(size))}`),
    read('GET /tickets/stats', `${TICKETS}/stats`),
    { ...read("GET /tickets/stats, a customer's own", `${TICKETS}/stats`), role: 'customer', hasFloor: false },
    read('GET /events', '/api/v1/events'),
    { ...read('GET /tickets/export?status=open', `${TICKETS}/export?status=open`), isStream: true, hasFloor: false },
    { ...write('POST /tickets', () => NEW_TICKET), hasFloor: true },
    { ...write('PATCH /tickets/{id}', changeOf), method: 'PATCH', paths: tickets },
    { ...write('POST /tickets/{id}/comments', () => NEW_COMMENT), paths: tickets.map((path) => `${path}/comments`) },
  ]
}

function listsOf(size: number): MeasuredRoute[] {
  const names = Object.keys(LISTS) as (keyof typeof LISTS)[]
  return names
    .filter((name) => name !== 'farPage' || size > FAR)
    .map((name) => ({
      ...read(LIST_NAMES[name], LISTS[name] === '' ? TICKETS : `${TICKETS}?${LISTS[name]}`),
      role: name === 'customers' ? 'customer' : 'agent',
    }))
}

function read(name: string, ...paths: string[]): MeasuredRoute {
  return { name, role: 'agent', method: 'GET', paths, hasFloor: true, isStream: false }
}

function write(name: string, body: (n: number) => string): MeasuredRoute {
  return { name, role: 'agent', method: 'POST', paths: [TICKETS], body, hasFloor: false, isStream: false }
}

/** Alternates, because an update without a change is not one. */
function changeOf(n: number): string {
  return JSON.stringify({ status: n % 2 === 0 ? 'in_progress' : 'resolved' })
}

/** The floor gets the same headers, but ignores them. */
export function headersOf(route: MeasuredRoute, token: string): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    ...(route.body !== undefined && { 'Content-Type': 'application/json' }),
  }
}
