import type { Database } from './database.ts'
import type { ResultRow } from './statement.ts'
import { formatTable } from './table.ts'

/** Data that triggers maintain, with a recount and a repair. */
interface Derived {
  name: string
  /** Selects one row for each entry that differs from the recount. */
  differences: string
  /** In order. */
  repair: readonly string[]
}

const COUNTED_TICKETS = `
  SELECT account_id, 'all' AS dimension, '' AS value, status, priority, count(*) AS count FROM tickets GROUP BY 1, 4, 5
  UNION ALL
  SELECT account_id, 'assignee', coalesce(assigned_to, ''), status, priority, count(*) FROM tickets GROUP BY 1, 3, 4, 5
  UNION ALL
  SELECT account_id, 'creator', created_by, status, priority, count(*) FROM tickets GROUP BY 1, 3, 4, 5
  UNION ALL
  SELECT t.account_id, 'tag', j.value, t.status, t.priority, count(*)
  FROM tickets t JOIN json_each(t.tags) j GROUP BY 1, 3, 4, 5`

const COUNTED_ASSIGNEES = `
  SELECT account_id, created_by, coalesce(assigned_to, '') AS assigned_to, count(*) AS count
  FROM tickets GROUP BY 1, 2, 3`

const COUNTED_USERS = `
  SELECT account_id, role, status, count(*) AS count FROM users WHERE kind = 'person' GROUP BY 1, 2, 3`

const DERIVED: readonly Derived[] = [
  {
    name: 'ticket counters',
    differences: differencesOf('ticket_counters', COUNTED_TICKETS, 'account_id, dimension, value, status, priority'),
    repair: rebuilt('ticket_counters', COUNTED_TICKETS),
  },
  {
    name: 'user counters',
    differences: differencesOf('user_counters', COUNTED_USERS, 'account_id, role, status'),
    repair: rebuilt('user_counters', COUNTED_USERS),
  },
  {
    name: 'assignees of creators',
    differences: differencesOf('creator_counters', COUNTED_ASSIGNEES, 'account_id, created_by, assigned_to'),
    repair: rebuilt('creator_counters', COUNTED_ASSIGNEES),
  },
  tagsOf('tags by creation', 'ticket_tags', 'created_at'),
  tagsOf('tags by change', 'ticket_tags_updated', 'updated_at'),
  ...(['comments', 'attachments'] as const).flatMap((table) =>
    (
      [
        ['public', 0],
        ['internal', 1],
      ] as const
    ).map(([kind, isInternal]) => childrenOf(table, kind, isInternal)),
  ),
  {
    name: 'stored bytes',
    differences: `SELECT account_id FROM account_state s WHERE stored_bytes <> ${storedBytes('s')}`,
    repair: [`UPDATE account_state SET stored_bytes = ${storedBytes('account_state')}`],
  },
  {
    name: 'active webhooks',
    differences: `SELECT account_id FROM account_state s WHERE listeners <> (
      SELECT count(*) FROM webhooks w WHERE w.account_id = s.account_id AND w.active = 1)`,
    repair: [
      `UPDATE account_state SET listeners = (
        SELECT count(*) FROM webhooks w WHERE w.account_id = account_state.account_id AND w.active = 1)`,
    ],
  },
]

/** Entries with another count, and entries of one side only; a count of zero equals none. */
function differencesOf(table: string, recount: string, key: string): string {
  const derived = `SELECT ${key}, count FROM ${table} WHERE count <> 0`
  return `SELECT ${key} FROM (${derived} EXCEPT SELECT * FROM (${recount}))
    UNION SELECT ${key} FROM (SELECT * FROM (${recount}) EXCEPT ${derived})`
}

function rebuilt(table: string, recount: string): string[] {
  return [`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM (${recount})`]
}

function tagsOf(name: string, table: string, time: 'created_at' | 'updated_at'): Derived {
  const tags = `SELECT t.account_id, j.value, t.status, t.priority_rank, t.${time}, t.number, t.seq
    FROM tickets t JOIN json_each(t.tags) j`
  return {
    name,
    differences: `SELECT * FROM (SELECT * FROM ${table} EXCEPT ${tags})
      UNION ALL SELECT * FROM (${tags} EXCEPT SELECT * FROM ${table})`,
    repair: rebuilt(table, tags),
  }
}

function childrenOf(table: 'comments' | 'attachments', kind: 'public' | 'internal', isInternal: 0 | 1): Derived {
  const column = `${kind}_${table}`
  const recount = `(SELECT count(*) FROM ${table} p
    WHERE p.account_id = tickets.account_id AND p.ticket_id = tickets.id AND p.is_internal = ${isInternal})`
  return {
    name: `${kind} ${table} of tickets`,
    differences: `SELECT id FROM tickets WHERE ${column} <> ${recount}`,
    repair: [`UPDATE tickets SET ${column} = ${recount} WHERE ${column} <> ${recount}`],
  }
}

function storedBytes(state: string): string {
  return `(SELECT coalesce(sum(size), 0) FROM attachments f WHERE f.account_id = ${state}.account_id)`
}

const CHECK_INDEX = "INSERT INTO tickets_fts (tickets_fts, rank) VALUES ('integrity-check', 1)"
const REBUILD_INDEX = "INSERT INTO tickets_fts (tickets_fts) VALUES ('rebuild')"

/**
 * Compares everything that triggers maintain with a recount, and the full-text index with its tickets; repairs
 * differences if asked. Throws if differences remain.
 */
export function verify(db: Database, repair: boolean): string {
  const counts = db.run(...DERIVED.map(({ differences }) => `SELECT count(*) AS n FROM (${differences})`))
  const found = [
    ...DERIVED.map((derived, index) => ({ ...derived, differences: numberIn(counts[index]) })),
    { name: 'full-text index', differences: isIndexIntact(db) ? '0' : 'some', repair: [REBUILD_INDEX] },
  ]
  const broken = found.filter(({ differences }) => differences !== '0')
  if (repair && broken.length > 0) db.run(...broken.flatMap((derived) => derived.repair))
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
