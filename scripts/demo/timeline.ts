import { ADA, AGENTS, CUSTOMERS, type Person } from './people.ts'
import type { Random } from './random.ts'
import { ACCESS } from './scenarios/access.ts'
import { DEVICES } from './scenarios/devices.ts'
import type { Priority, Scenario } from './scenarios/scenario.ts'
import { SOFTWARE } from './scenarios/software.ts'

export type Status = 'open' | 'in_progress' | 'resolved' | 'closed'

export interface Change {
  status?: Status
  priority?: Priority
  assignedTo?: string
  tags?: string[]
}

export type Step =
  | { kind: 'create'; ticket: NewTicket }
  | { kind: 'change'; change: Change }
  | { kind: 'comment'; content: string; isInternal: boolean }

/** What somebody does to a ticket, given by its place in the order of creation. */
export type Action = Step & { ticketIndex: number; at: number; actor: Person }

export interface NewTicket {
  title: string
  description: string
  priority: Priority
  tags: string[]
  customFields: Record<string, string | number | boolean>
}

export interface Period {
  from: number
  to: number
}

const SCENARIOS: readonly Scenario[] = [...ACCESS, ...DEVICES, ...SOFTWARE]

const PLACES: Record<string, readonly string[]> = {
  site: ['Hamburg', 'Lyon', 'Valencia', 'Osaka', 'Gdańsk', 'Porto', 'Rotterdam', 'Leeds', 'Zürich', 'Austin'],
  device: [
    'a ThinkPad T14',
    'a MacBook Air',
    'an iPad',
    'a Surface Pro',
    'a Pixel 9',
    'an iPhone 16',
    'a Dell Latitude',
  ],
  product: ['Atlas CRM', 'Ledger', 'Dockyard', 'Payroll', 'Pulse Analytics', 'Beacon', 'Homeport'],
  version: ['4.2.1', '4.3.0', '5.0.2', '5.1.0', '2026.3', '2026.4'],
  month: ['January', 'March', 'April', 'June', 'September', 'October'],
}

/** Of tickets, by how far they get: most are done, some wait, a few are new. */
const OUTCOMES: readonly Status[] = ['open', 'in_progress', 'resolved', 'resolved', 'closed', 'closed', 'closed']

const HOUR = 60 * 60 * 1_000
/** A ticket is worked on for this share of the period at most. */
const LONGEST_WORK = 0.12

/** All actions of `count` tickets in order of time, at different times of the period, which are the same for the same seed. */
export function planActions(count: number, { from, to }: Period, random: Random): Action[] {
  const length = to - from
  const created = Array.from({ length: count }, () => from + random.next() * length).toSorted((a, b) => a - b)
  let scenarios: Scenario[] = []
  const actions = created.flatMap((at, ticketIndex) => {
    if (scenarios.length === 0) scenarios = random.shuffled(SCENARIOS)
    const scenario = scenarios.pop()
    return scenario ? actionsOf(fillIn(scenario, random), { ticketIndex, at, to, length }, random) : []
  })
  return atDifferentTimes(actions.toSorted((a, b) => a.at - b.at))
}

/** Times are whole milliseconds, and each is later than the one before it. */
function atDifferentTimes(actions: Action[]): Action[] {
  let last = 0
  return actions.map((action) => {
    last = Math.max(last + 1, Math.floor(action.at))
    return { ...action, at: last }
  })
}

interface Start {
  ticketIndex: number
  at: number
  /** The end and the length of the period. */
  to: number
  length: number
}

function actionsOf(scenario: Scenario, { ticketIndex, at, to, length }: Start, random: Random): Action[] {
  const creator = random.chance(0.9) ? random.pick(CUSTOMERS) : random.pick(AGENTS)
  const assignee = random.pick(AGENTS)
  const isRecent = to - at < length * 0.03
  const outcome = isRecent ? random.pick<Status>(['open', 'open', 'in_progress']) : random.pick(OUTCOMES)
  const { title, description, priority, tags, fields = {} } = scenario
  const steps: [Person, Step][] = [
    [creator, { kind: 'create', ticket: { title, description, priority, tags, customFields: fields } }],
    ...(outcome === 'open'
      ? triage(assignee, priority, random)
      : work(scenario, { creator, assignee, outcome }, random)),
  ]
  const duration = Math.min(to - at, Math.max(HOUR, random.next() * length * LONGEST_WORK), length * LONGEST_WORK)
  const moments = steps.slice(1).map(() => random.next() ** 2 * duration)
  const delays = [0, ...moments.toSorted((a, b) => a - b)]
  return steps.map(([actor, step], index) => ({ ...step, actor, ticketIndex, at: at + (delays[index] ?? 0) }))
}

function triage(assignee: Person, priority: Priority, random: Random): [Person, Step][] {
  if (random.chance(0.5)) return []
  return [
    [ADA, { kind: 'change', change: { assignedTo: assignee.id, ...(priority === 'low' && { priority: 'medium' }) } }],
  ]
}

interface Work {
  creator: Person
  assignee: Person
  outcome: Status
}

function work({ replies, tags }: Scenario, { creator, assignee, outcome }: Work, random: Random): [Person, Step][] {
  const isDone = outcome === 'resolved' || outcome === 'closed'
  const shown = isDone ? replies : replies.slice(0, 1 + random.integer(replies.length))
  const comments = shown.map(([author, content]): [Person, Step] => [
    author === 'customer' ? creator : assignee,
    { kind: 'comment', content, isInternal: author === 'note' },
  ])
  const isEscalated = random.chance(0.1)
  return [
    [assignee, { kind: 'change', change: { assignedTo: assignee.id, status: 'in_progress' } }],
    ...comments,
    ...(isEscalated
      ? [[assignee, { kind: 'change', change: { tags: [...tags, 'escalated'] } }] as [Person, Step]]
      : []),
    ...(isDone ? [[assignee, { kind: 'change', change: { status: 'resolved' } }] as [Person, Step]] : []),
    ...(outcome === 'closed' ? [[ADA, { kind: 'change', change: { status: 'closed' } }] as [Person, Step]] : []),
  ]
}

/** With a choice for each place in braces, the same in all texts. */
function fillIn(scenario: Scenario, random: Random): Scenario {
  const choices: Record<string, string> = {
    n: String(2 + random.integer(38)),
    order: String(10_000 + random.integer(90_000)),
  }
  for (const [place, values] of Object.entries(PLACES)) choices[place] = random.pick(values)
  const filled: Scenario = JSON.parse(JSON.stringify(scenario), (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/\{(\w+)\}/g, (text, place: string) => choices[place] ?? text) : value,
  )
  return { ...filled, title: filled.title.charAt(0).toUpperCase() + filled.title.slice(1) }
}
