import { ticketTags, ticketTagsUpdated } from '../../../src/db/schema/tickets.ts'
import type { Database } from '../database.ts'
import { eachAccount, runSteps, type Steps } from '../steps.ts'
import { formatTable } from '../table.ts'
import { compareCounters } from './counters.ts'
import { rebuildSearch } from './rebuild-search.ts'
import { COUNTER_TABLES, type CounterTable, repairCounters } from './repair-counters.ts'
import { compareSearch } from './search.ts'
import { compareTags } from './tags.ts'

const TITLES: Record<CounterTable, string> = {
  'ticket counters': 'ticket counters',
  'user counters': 'user counters',
  'assignees of creators': 'assignees of creators',
  'public comments': 'public comments of tickets',
  'internal comments': 'internal comments of tickets',
  'public attachments': 'public attachments of tickets',
  'internal attachments': 'internal attachments of tickets',
  'stored bytes': 'stored bytes',
  'active webhooks': 'active webhooks',
}

interface Verification {
  differences: Map<string, number>
  /** Accounts that were written to during each attempt to compare their counters. */
  busy: string[]
}

/**
 * Compares everything that triggers maintain with a recount, and the full-text index with its tickets, in steps; repairs
 * differences if asked. Throws if differences remain, or if an account could not be compared.
 */
export function verify(db: Pick<Database, 'run'>, repair: boolean): string {
  return report(runSteps(db.run, verifySteps(repair)), repair)
}

export function* verifySteps(repair: boolean): Steps<Verification> {
  const differences = new Map<string, number>(
    [...COUNTER_TABLES.slice(0, 3).map((table) => TITLES[table]), 'tags by creation', 'tags by change']
      .concat(
        COUNTER_TABLES.slice(3).map((table) => TITLES[table]),
        'full-text index',
      )
      .map((name) => [name, 0]),
  )
  const add = (name: string, count: number) => differences.set(name, (differences.get(name) ?? 0) + count)
  const busy: string[] = []
  yield* eachAccount(function* (accountId): Steps {
    const counters = yield* compareCounters(accountId)
    if (counters === null) busy.push(accountId)
    for (const { table } of counters ?? []) add(TITLES[table], 1)
    if (repair && counters) yield* repairCounters(accountId, counters)
    add('tags by creation', yield* compareTags(accountId, ticketTags, repair))
    add('tags by change', yield* compareTags(accountId, ticketTagsUpdated, repair))
  })
  const inIndex = yield* compareSearch()
  add('full-text index', inIndex)
  if (repair && inIndex > 0) yield* rebuildSearch()
  return { differences, busy }
}

function report({ differences, busy }: Verification, repair: boolean): string {
  const table = formatTable(
    ['WHAT', 'DIFFERENCES', 'STATE'],
    [...differences].map(([name, count]) => [
      name,
      String(count),
      count === 0 ? 'ok' : repair ? 'repaired' : 'differs',
    ]),
  )
  const isBroken = !repair && [...differences.values()].some((count) => count > 0)
  const problems = [
    ...(isBroken ? ['Some data differs. To repair it: npm run admin -- verify --repair'] : []),
    ...(busy.length > 0
      ? [
          `Counters were not compared, because the account was written to meanwhile: ${busy.join(', ')}. Run this again at a quiet time.`,
        ]
      : []),
  ]
  if (problems.length > 0) throw new Error([table, ...problems].join('\n'))
  return table
}
