import type { Bindings } from '../core/config'
import { type DirectoryDb, openDirectory } from '../db/client'
import { retryTransient } from '../lib/retry'
import { HOUR } from '../lib/time'
import { indexTickets } from '../tickets/service'
import { foldUsers } from '../users/service'
import {
  type BackfillRow,
  type CounterKey,
  deleteUnusedTagCounters,
  endBackfill,
  findBackfills,
  findLastCounter,
  findLastEvent,
  moveBackfill,
  recordMissed,
} from './backfills.queries'

const ROWS_PER_STEP = 1_000
const STEPS_PER_SWEEP = 10

/** Events are looked at for so long, because a release that does not record erasures may still be deleting tickets. */
const ROLLOUT = HOUR

const FIRST_COUNTER: CounterKey = { account_id: '', dimension: 'all', value: '', status: '', priority: '' }

/**
 * Finds the texts of tickets and comments that earlier releases deleted: events, for which it records erasures, and counters
 * of tags. Fills the search indexes. Bounded; the next sweep continues.
 */
export async function sweepBackfills(env: Pick<Bindings, 'DB'>, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let steps = 0; steps < STEPS_PER_SWEEP; steps += 1) {
    const found = await directory.all(findBackfills())
    const hasMore = await Promise.all(
      found.map((backfill) => retryTransient(() => STEPS[backfill.name](directory, backfill, now))),
    )
    if (!hasMore.includes(true)) return
  }
}

/** Returns whether there was anything to look at. Can be repeated. */
type Step = (directory: DirectoryDb, backfill: BackfillRow, now: number) => Promise<boolean>

const STEPS: Record<BackfillRow['name'], Step> = {
  erasures: backfillErasures,
  search: backfillSearch,
  tag_counters: backfillTagCounters,
}

async function backfillErasures(directory: DirectoryDb, backfill: BackfillRow, now: number): Promise<boolean> {
  const after = Number(backfill.position)
  const { last = null } = (await directory.first(findLastEvent(after, ROWS_PER_STEP))) ?? {}
  if (last !== null)
    await directory.execute([...recordMissed(after, last, now), moveBackfill('erasures', String(last), now)])
  else if (backfill.started_at === null) await directory.all(moveBackfill('erasures', backfill.position, now))
  else if (now - backfill.started_at >= ROLLOUT) await directory.all(endBackfill('erasures'))
  return last !== null
}

async function backfillTagCounters(directory: DirectoryDb, { position }: BackfillRow, now: number): Promise<boolean> {
  const after: CounterKey = position === '' ? FIRST_COUNTER : JSON.parse(position)
  const last = await directory.first(findLastCounter(after, ROWS_PER_STEP))
  if (!last) await directory.all(endBackfill('tag_counters'))
  else
    await directory.execute([
      deleteUnusedTagCounters(after, last),
      moveBackfill('tag_counters', JSON.stringify(last), now),
    ])
  return last !== undefined
}

/** The position after the last user. All others are JSON. */
const ALL_USERS = 'end'

/** Searches use the old indexes until all tickets and users are in the new ones. */
async function backfillSearch(directory: DirectoryDb, { position }: BackfillRow, now: number): Promise<boolean> {
  const hasTickets = await indexTickets(directory)
  const next = position === ALL_USERS ? null : await foldUsers(directory, position)
  const isDone = !hasTickets && next === null
  await directory.all(isDone ? endBackfill('search') : moveBackfill('search', next ?? ALL_USERS, now))
  return !isDone
}
