import { type SQL, sql } from './sql'

/** D1 allows five queries in a compound; partitions of tickets come in fours. */
const BRANCHES_PER_UNION = 4

/**
 * Merges queries of which each finds its rows in this order on an index. `order` names columns that all of them have.
 * SQLite reads from each query at most one row more than it returns. The unions form a tree, because of D1's limit.
 */
export function mergeUnion(queries: readonly SQL[], order: SQL): SQL {
  const size = Math.ceil(queries.length / BRANCHES_PER_UNION)
  if (size === 1) return sql`${sql.join([...queries], sql` UNION ALL `)} ${order}`
  const groups = Array.from({ length: Math.ceil(queries.length / size) }, (_, group) =>
    queries.slice(group * size, (group + 1) * size),
  )
  const branches = groups.map((group) => sql`SELECT * FROM (${mergeUnion(group, order)})`)
  return sql`${sql.join(branches, sql` UNION ALL `)} ${order}`
}
