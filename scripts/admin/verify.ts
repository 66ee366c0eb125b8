import type { Column } from 'drizzle-orm'
import type { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { alias } from '../../src/db/alias.ts'
import { accountCounters, userCounters, users } from '../../src/db/schema/accounts.ts'
import {
  attachments,
  comments,
  creatorCounters,
  ticketCounters,
  tickets,
  ticketTags,
  ticketTagsUpdated,
} from '../../src/db/schema/tickets.ts'
import { webhooks } from '../../src/db/schema/webhooks.ts'
import { ticketSearch } from '../../src/db/search-table.ts'
import { type SQL, sql } from '../../src/db/sql.ts'
import { update } from '../../src/db/write.ts'
import { sqlText } from '../lib/sql-text.ts'
import type { Database } from './database.ts'
import type { ResultRow } from './statement.ts'
import { formatTable } from './table.ts'

/** Data that triggers maintain, with a recount and a repair. */
interface Derived {
  name: string
  /** Selects one row for each entry that differs from the recount. */
  differences: SQL
  /** In order. */
  repair: readonly SQL[]
}

const a = alias(attachments, 'a')
const c = alias(comments, 'c')
const s = alias(accountCounters, 's')
const t = alias(tickets, 't')
const w = alias(webhooks, 'w')

/** Of the row that a statement updates. */
const OUTER_ACCOUNT = sql`${accountCounters}.${accountCounters.accountId}`

const STATUS_AND_PRIORITY = sql`${tickets.status}, ${tickets.priority}, count(*)`

const COUNTED_TICKETS = sql`
  SELECT ${tickets.accountId}, 'all' AS dimension, '' AS value, ${tickets.status}, ${tickets.priority}, count(*) AS count
  FROM ${tickets} GROUP BY 1, 4, 5
  UNION ALL
  SELECT ${tickets.accountId}, 'assignee', coalesce(${tickets.assignedTo}, ''), ${STATUS_AND_PRIORITY}
  FROM ${tickets} GROUP BY 1, 3, 4, 5
  UNION ALL
  SELECT ${tickets.accountId}, 'creator', ${tickets.createdBy}, ${STATUS_AND_PRIORITY} FROM ${tickets} GROUP BY 1, 3, 4, 5
  UNION ALL
  SELECT ${t.accountId}, 'tag', j.value, ${t.status}, ${t.priority}, count(*)
  FROM ${t} JOIN json_each(${t.tags}) j GROUP BY 1, 3, 4, 5`

const COUNTED_ASSIGNEES = sql`
  SELECT ${tickets.accountId}, ${tickets.createdBy}, coalesce(${tickets.assignedTo}, '') AS ${tickets.assignedTo},
    count(*) AS count FROM ${tickets} GROUP BY 1, 2, 3`

const COUNTED_USERS = sql`
  SELECT ${users.accountId}, ${users.role}, ${users.status}, count(*) AS count
  FROM ${users} WHERE ${users.kind} = 'person' GROUP BY 1, 2, 3`

const DERIVED: readonly Derived[] = [
  {
    name: 'ticket counters',
    differences: differencesOf(ticketCounters, COUNTED_TICKETS, [
      ticketCounters.accountId,
      ticketCounters.dimension,
      ticketCounters.value,
      ticketCounters.status,
      ticketCounters.priority,
    ]),
    repair: rebuilt(ticketCounters, COUNTED_TICKETS),
  },
  {
    name: 'user counters',
    differences: differencesOf(userCounters, COUNTED_USERS, [
      userCounters.accountId,
      userCounters.role,
      userCounters.status,
    ]),
    repair: rebuilt(userCounters, COUNTED_USERS),
  },
  {
    name: 'assignees of creators',
    differences: differencesOf(creatorCounters, COUNTED_ASSIGNEES, [
      creatorCounters.accountId,
      creatorCounters.createdBy,
      creatorCounters.assignedTo,
    ]),
    repair: rebuilt(creatorCounters, COUNTED_ASSIGNEES),
  },
  tagsOf('tags by creation', ticketTags, t.createdAt),
  tagsOf('tags by change', ticketTagsUpdated, t.updatedAt),
  childrenOf('public comments', tickets.publicComments, countOf(c, 0)),
  childrenOf('internal comments', tickets.internalComments, countOf(c, 1)),
  childrenOf('public attachments', tickets.publicAttachments, countOf(a, 0)),
  childrenOf('internal attachments', tickets.internalAttachments, countOf(a, 1)),
  {
    name: 'stored bytes',
    differences: sql`SELECT ${s.accountId} FROM ${s} WHERE ${s.storedBytes} <> ${storedBytes(s.accountId)}`,
    repair: [update(accountCounters, { storedBytes: storedBytes(OUTER_ACCOUNT) }, sql`true`).query],
  },
  {
    name: 'active webhooks',
    differences: sql`SELECT ${s.accountId} FROM ${s} WHERE ${s.activeWebhooks} <> ${activeWebhooks(s.accountId)}`,
    repair: [update(accountCounters, { activeWebhooks: activeWebhooks(OUTER_ACCOUNT) }, sql`true`).query],
  },
]

/** Entries with another count, and entries of one side only; a count of zero equals none. */
function differencesOf(table: SQLiteTable & { count: Column }, recount: SQL, key: Column[]): SQL {
  const columns = sql.join(key, sql`, `)
  const derived = sql`SELECT ${columns}, ${table.count} FROM ${table} WHERE ${table.count} <> 0`
  return sql`SELECT ${columns} FROM (${derived} EXCEPT SELECT * FROM (${recount}))
    UNION SELECT ${columns} FROM (SELECT * FROM (${recount}) EXCEPT ${derived})`
}

function rebuilt(table: SQLiteTable, recount: SQL): SQL[] {
  return [sql`DELETE FROM ${table}`, sql`INSERT INTO ${table} SELECT * FROM (${recount})`]
}

function tagsOf(name: string, table: SQLiteTable, time: SQL): Derived {
  const tags = sql`SELECT ${t.accountId}, j.value, ${t.status}, ${t.priorityRank}, ${time}, ${t.number}, ${t.rowId}
    FROM ${t} JOIN json_each(${t.tags}) j`
  return {
    name,
    differences: sql`SELECT * FROM (SELECT * FROM ${table} EXCEPT ${tags})
      UNION ALL SELECT * FROM (${tags} EXCEPT SELECT * FROM ${table})`,
    repair: rebuilt(table, tags),
  }
}

function childrenOf(name: string, counter: Column, recount: SQL): Derived {
  return {
    name: `${name} of tickets`,
    differences: sql`SELECT ${tickets.id} FROM ${tickets} WHERE ${counter} <> ${recount}`,
    repair: [sql`UPDATE ${tickets} SET ${counter} = ${recount} WHERE ${counter} <> ${recount}`],
  }
}

function countOf(child: typeof a | typeof c, isInternal: 0 | 1): SQL {
  return sql`(SELECT count(*) FROM ${child} WHERE ${child.accountId} = ${tickets}.${tickets.accountId}
    AND ${child.ticketId} = ${tickets}.${tickets.id} AND ${child.isInternal} = ${isInternal})`
}

function storedBytes(accountId: SQL): SQL<number> {
  return sql`(SELECT coalesce(sum(${a.size}), 0) FROM ${a} WHERE ${a.accountId} = ${accountId})`
}

function activeWebhooks(accountId: SQL): SQL<number> {
  return sql`(SELECT count(*) FROM ${w} WHERE ${w.accountId} = ${accountId} AND ${w.active} = 1)`
}

const CHECK_INDEX = sqlText(sql`INSERT INTO ${ticketSearch} (${ticketSearch}, rank) VALUES ('integrity-check', 1)`)
const REBUILD_INDEX = sql`INSERT INTO ${ticketSearch} (${ticketSearch}) VALUES ('rebuild')`

/**
 * Compares everything that triggers maintain with a recount, and the full-text index with its tickets; repairs
 * differences if asked. Throws if differences remain.
 */
export function verify(db: Database, repair: boolean): string {
  const counts = db.run(...DERIVED.map(({ differences }) => sqlText(sql`SELECT count(*) AS n FROM (${differences})`)))
  const found = [
    ...DERIVED.map((derived, index) => ({ ...derived, differences: numberIn(counts[index]) })),
    { name: 'full-text index', differences: isIndexIntact(db) ? '0' : 'some', repair: [REBUILD_INDEX] },
  ]
  const broken = found.filter(({ differences }) => differences !== '0')
  if (repair && broken.length > 0) db.run(...broken.flatMap((derived) => derived.repair.map(sqlText)))
  const table = formatTable(
    ['WHAT', 'DIFFERENCES', 'STATE'],
    found.map(({ name, differences }) => [
      name,
      differences,
      differences === '0' ? 'ok' : repair ? 'repaired' : 'differs',
    ]),
  )
  if (repair || broken.length === 0) return table
  throw new Error(`${table}\nSome data differs. To repair it: npm run admin -- verify --repair`)
}

function isIndexIntact(db: Database): boolean {
  try {
    db.run(CHECK_INDEX)
    return true
  } catch (error) {
    if (error instanceof Error && /malformed|corrupt/i.test(error.message)) return false
    throw error
  }
}

function numberIn(rows: ResultRow[] = []): string {
  return String(rows[0]?.n ?? 0)
}
