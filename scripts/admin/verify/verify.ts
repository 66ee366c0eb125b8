import { ticketTags, ticketTagsUpdated } from '../../../src/db/schema/tickets.ts'
import type { Database } from '../database.ts'
import { eachAccount, runSteps, type Steps } from '../steps.ts'
import { formatTable } from '../table.ts'
import { compareCounters } from './counters.ts'
import { rebuildSearch } from './rebuild-search.ts'
import { COUNTER_TABLES, type CounterTable, isCounter, repairCounters } from './repair-counters.ts'
import { compareSearch } from './search.ts'
import { countMissingTags, countSuperfluousTags } from './tags.ts'

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

const TAG_TABLES = [
  ['tags by creation', ticketTags],
  ['tags by change', ticketTagsUpdated],
] as const

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
    const compared = yield* compareCounters(accountId)
    if (compared === null) busy.push(accountId)
    const counters = (compared ?? []).filter(isCounter)
    for (const { table } of counters) add(TITLES[table], 1)
    if (repair) yield* repairCounters(accountId, counters)
    for (const [name, table] of TAG_TABLES) {
      const missing = yield* countMissingTags(accountId, table, repair)
      // With as many entries as tags, and none missing, none is superfluous.
      const isComplete = missing === 0 && compared?.every((difference) => difference.table !== name)
      add(name, missing + (isComplete ? 0 : yield* countSuperfluousTags(accountId, table, repair)))
    }
  })
  const inIndex = yield* compareSearch(repair)
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
