import type { Bindings } from '../core/config'
import { type DirectoryDb, openDirectory } from '../db/client'
import type { Statement } from '../db/statement'
import { HOUR } from '../lib/time'
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
 * of tags. Bounded; the next sweep continues.
 */
export async function sweepBackfills(env: Pick<Bindings, 'DB'>, now: number): Promise<void> {
  const directory = openDirectory(env)
  for (let steps = 0; steps < STEPS_PER_SWEEP; steps += 1) {
    const found = await directory.all(findBackfills())
    const hasMore = await Promise.all(found.map((backfill) => STEPS[backfill.name](directory, backfill, now)))
    if (!hasMore.includes(true)) return
  }
}

/** Returns whether there was anything to look at. */
type Step = (directory: DirectoryDb, backfill: BackfillRow, now: number) => Promise<boolean>

const STEPS: Record<BackfillRow['name'], Step> = { erasures: backfillErasures, tag_counters: backfillTagCounters }

async function backfillErasures(directory: DirectoryDb, backfill: BackfillRow, now: number): Promise<boolean> {
  const after = Number(backfill.position)
  const { last = null } = (await directory.first(findLastEvent(after, ROWS_PER_STEP))) ?? {}
  if (last !== null)
    await runAll(directory, [...recordMissed(after, last, now), moveBackfill('erasures', String(last), now)])
  else if (backfill.started_at === null) await directory.all(moveBackfill('erasures', backfill.position, now))
  else if (now - backfill.started_at >= ROLLOUT) await directory.all(endBackfill('erasures'))
  return last !== null
}

async function backfillTagCounters(directory: DirectoryDb, { position }: BackfillRow, now: number): Promise<boolean> {
  const after: CounterKey = position === '' ? FIRST_COUNTER : JSON.parse(position)
  const last = await directory.first(findLastCounter(after, ROWS_PER_STEP))
  if (!last) await directory.all(endBackfill('tag_counters'))
  else
    await runAll(directory, [
      deleteUnusedTagCounters(after, last),
      moveBackfill('tag_counters', JSON.stringify(last), now),
    ])
  return last !== undefined
}

function runAll(directory: DirectoryDb, statements: readonly Statement[]): Promise<unknown> {
  return directory.batch(Object.fromEntries(statements.map((statement, index) => [index, statement])))
}
