import { type SQL, sql } from 'drizzle-orm'

/** D1 takes five queries in a compound; facets of tickets come in fours. */
const BRANCHES_PER_UNION = 4

/**
 * Queries that each find their rows in an order, on an index, as one that does: SQLite merges them, and takes of each no
 * more rows than it gives out, and one. `order` names columns of all of them. They stand in a tree of small compounds.
 */
export function mergeUnion(queries: readonly SQL[], order: SQL): SQL {
  const size = Math.ceil(queries.length / BRANCHES_PER_UNION)
  if (size === 1) return sql`${sql.join([...queries], sql` UNION ALL `)} ${order}`
  const parts = Array.from({ length: Math.ceil(queries.length / size) }, (_, part) =>
    queries.slice(part * size, (part + 1) * size),
  )
  const trees = parts.map((part) => sql`SELECT * FROM (${mergeUnion(part, order)})`)
  return sql`${sql.join(trees, sql` UNION ALL `)} ${order}`
}
