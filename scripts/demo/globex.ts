import { Random } from './random.ts'
import { type Rows, rowsOf } from './rows.ts'
import { type Period, planActions } from './timeline.ts'

const TICKETS = 200
const SEED = 18

const HOUR = 60 * 60 * 1_000
const DAY = 24 * HOUR
const PERIOD = 90 * DAY
/** Leaves time for the tickets of `npm run seed`, which are newer. */
const UNTIL_NOW = 12 * HOUR
/** EVENT_RETENTION_DAYS of wrangler.toml: the service deletes older events. */
const EVENT_RETENTION = 30 * DAY

export interface Activity {
  rows: Rows
  ticketNumber: number
  eventSequence: number
  lastWriteAt: number
}

/** The tickets of the account `globex` in the 90 days before `now`, the same for each database except for their times. */
export function globexActivity(now: number): Activity {
  const to = now - UNTIL_NOW
  const activity = activityOf(TICKETS, { from: to - PERIOD, to }, { ticketNumber: 0, eventSequence: 0 }, SEED)
  const events = activity.rows.events.filter(({ createdAt }) => createdAt > now - EVENT_RETENTION)
  return { ...activity, rows: { ...activity.rows, events } }
}

/** `count` tickets with numbers, sequences and times after those that the account has. */
export function activityOf(
  count: number,
  period: Period,
  counters: { ticketNumber: number; eventSequence: number },
  seed: number,
): Activity {
  const random = new Random(seed)
  const actions = planActions(count, period, random)
  const rows = rowsOf(actions, counters, random)
  return {
    rows,
    ticketNumber: counters.ticketNumber + rows.tickets.length,
    eventSequence: counters.eventSequence + rows.events.length,
    lastWriteAt: actions.at(-1)?.at ?? period.from,
  }
}
