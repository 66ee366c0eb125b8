import { accountCounters, userCounters } from '../../../src/db/schema/accounts.ts'
import { creatorCounters, ticketCounters, tickets } from '../../../src/db/schema/tickets.ts'
import { type SQL, sql } from '../../../src/db/sql.ts'
import { insertSelect, update } from '../../../src/db/write.ts'
import { sqlText } from '../../lib/sql-text.ts'
import type { Steps } from '../steps.ts'

export const COUNTER_TABLES = [
  'ticket counters',
  'user counters',
  'assignees of creators',
  'public comments',
  'internal comments',
  'public attachments',
  'internal attachments',
  'stored bytes',
  'active webhooks',
] as const

export type CounterTable = (typeof COUNTER_TABLES)[number]

/** A counter whose stored value exceeds the recount; a negative excess is missing. */
export interface Difference {
  table: CounterTable
  /** Within the account. */
  key: string[]
  excess: number
}

/** Keeps a statement below the 100 KB that D1 allows, and a command below the arguments that Linux allows. */
const COUNTERS_PER_STATEMENT = 200

/** Subtracts the excess, which remains correct if the counters have changed since. */
export function* repairCounters(accountId: string, differences: readonly Difference[]): Steps {
  for (const [table, ofTable] of Map.groupBy(differences, (difference) => difference.table))
    for (let from = 0; from < ofTable.length; from += COUNTERS_PER_STATEMENT) {
      const part = ofTable.slice(from, from + COUNTERS_PER_STATEMENT)
      yield [
        sqlText(
          REPAIRS[table](
            accountId,
            part.map(({ key, excess }) => [...key, excess]),
          ),
        ),
      ]
    }
}

type Repair = (accountId: string, rows: (string | number)[][]) => SQL

const REPAIRS: Record<CounterTable, Repair> = {
  'ticket counters': (accountId, rows) =>
    upsert(
      insertSelect(
        ticketCounters,
        {
          accountId,
          dimension: text(0) as SQL<'all'>,
          value: text(1),
          status: text(2),
          priority: text(3),
          count: missing(4),
        },
        fromRows(rows),
      ).query,
      ticketCounters,
    ),
  'user counters': (accountId, rows) =>
    upsert(
      insertSelect(userCounters, { accountId, role: text(0), status: text(1), count: missing(2) }, fromRows(rows))
        .query,
      userCounters,
    ),
  'assignees of creators': (accountId, rows) =>
    upsert(
      insertSelect(
        creatorCounters,
        { accountId, createdBy: text(0), assignedTo: text(1), count: missing(2) },
        fromRows(rows),
      ).query,
      creatorCounters,
    ),
  'public comments': ofTickets('publicComments'),
  'internal comments': ofTickets('internalComments'),
  'public attachments': ofTickets('publicAttachments'),
  'internal attachments': ofTickets('internalAttachments'),
  'stored bytes': ofAccount('storedBytes'),
  'active webhooks': ofAccount('activeWebhooks'),
}

function ofTickets(name: 'publicComments' | 'internalComments' | 'publicAttachments' | 'internalAttachments'): Repair {
  return (accountId, rows) => {
    // Looked up by its path: a subquery would read all rows for each ticket.
    const json = JSON.stringify(Object.fromEntries(rows))
    const excess = sql<number>`(${json} ->> ('$."' || ${tickets.id} || '"'))`
    return update(
      tickets,
      { [name]: sql`${tickets[name]} - ${excess}` },
      sql`${tickets.accountId} = ${accountId} AND ${tickets.id} IN (SELECT key FROM json_each(${json}))`,
    ).query
  }
}

function ofAccount(name: 'storedBytes' | 'activeWebhooks'): Repair {
  return (accountId, [[excess = 0] = []]) =>
    update(
      accountCounters,
      { [name]: sql`${accountCounters[name]} - ${excess}` },
      sql`${accountCounters.accountId} = ${accountId}`,
    ).query
}

function upsert(insert: SQL, { count }: typeof ticketCounters | typeof userCounters | typeof creatorCounters): SQL {
  return sql`${insert} ON CONFLICT DO UPDATE SET ${count} = ${count} + excluded.${count}`
}

function text(index: number): SQL<string> {
  return sql`value ->> ${index}`
}

function missing(index: number): SQL<number> {
  return sql`-(value ->> ${index})`
}

function fromRows(rows: (string | number)[][]): SQL {
  return sql`FROM ${eachOf(rows)} WHERE true`
}

function eachOf(rows: (string | number)[][]): SQL {
  return sql`json_each(${JSON.stringify(rows)})`
}
