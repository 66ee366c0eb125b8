import { type SQL, StringChunk, sql } from 'drizzle-orm'
import type { Caller } from '../core/caller'
import { merged } from '../db/merge-union'
import { type Facet, type Facets, inEachFacet, type Stretches, stretchesOf, VALUE_COLUMNS } from './facets.queries'
import type { TicketFilter } from './filter.queries'
import { boundOf, type Ordering, orderBy, type TicketPlace, type TicketSlice } from './ordering.queries'

/** Of more facets, a few assignees or creators, each is asked for its first ones: SQL of so many would grow too long. */
const MOST_MERGED = 64

/** Later than any time, and than any number. */
const END = Number.MAX_SAFE_INTEGER

type BoundFacet = Facet & { bound: TicketPlace | 'all' }

/**
 * The places of the tickets of all facets, in the order of the list. Of sixteen facets twenty tickets are 36 rows.
 */
export function firstOfFacets(
  caller: Caller,
  filter: TicketFilter,
  { by, all }: Facets,
  ordering: Ordering,
  slice: TicketSlice,
): SQL {
  const bounded = all.flatMap((facet): BoundFacet[] => {
    const bound = boundOf(facet.rank, ordering, slice)
    return bound === 'none' ? [] : [{ ...facet, bound }]
  })
  if (bounded.length === 0) return sql`SELECT NULL AS seq, NULL AS rank, NULL AS at, NULL AS number WHERE 0`
  const stretches = stretchesOf(caller, filter, by, ordering.column)
  if (bounded.length > MOST_MERGED) return firstOfEach(caller.accountId, by, bounded, stretches, ordering, slice)
  const queries = bounded.map((facet) => firstOf(caller.accountId, by, facet, stretches, ordering))
  return merged(queries, orderBy(ordering))
}

/** The places of a facet's tickets. Its text is in few chunks, for drizzle takes its time over each. */
function firstOf(
  accountId: string,
  by: Facets['by'],
  { value, status, rank, bound }: BoundFacet,
  { from, alias, asked }: Stretches,
  ordering: Ordering,
): SQL {
  const facet = ` AND ${alias}.status = '${status}' AND ${alias}.priority_rank = ${rank}`
  const ofAccount = sql`${text(`SELECT ${placeOf(alias, ordering)} FROM ${from} WHERE ${alias}.account_id = `)}${accountId}`
  if (by === 'status') ofAccount.append(sql`${text(facet)}`)
  else if (value === null) ofAccount.append(sql`${text(` AND ${alias}.${VALUE_COLUMNS[by]} IS NULL${facet}`)}`)
  else ofAccount.append(sql`${text(` AND ${alias}.${VALUE_COLUMNS[by]} = `)}${value}${text(facet)}`)
  if (asked) ofAccount.append(asked)
  if (bound !== 'all') ofAccount.append(isBeyondBound(bound, alias, ordering))
  return ofAccount
}

function text(constant: string): StringChunk {
  return new StringChunk(constant)
}

function placeOf(alias: string, { column }: Ordering): string {
  return `${alias}.seq, ${alias}.priority_rank AS rank, ${alias}.${column} AS at, ${alias}.number AS number`
}

function isBeyondBound({ at, number }: TicketPlace, alias: string, { column, times }: Ordering): SQL {
  return sql`${text(` AND (${alias}.${column}, ${alias}.number) ${times === 'DESC' ? '<' : '>'} (`)}${at}, ${number})`
}

/** The first of each facet, as many as the slice could want, and those sorted. */
function firstOfEach(
  accountId: string,
  by: Facets['by'],
  facets: readonly BoundFacet[],
  { from, alias, asked }: Stretches,
  ordering: Ordering,
  slice: TicketSlice,
): SQL {
  const { column, times } = ordering
  const open = times === 'DESC' ? { at: END, number: END } : { at: -END, number: -END }
  const bounded = facets.map(({ bound, ...facet }) => ({
    ...facet,
    ...(bound === 'all' ? open : bound),
    rank: facet.rank,
  }))
  const wanted = slice.limit + ('offset' in slice ? slice.offset : 0)
  const [comparison, way] = [sql.raw(times === 'DESC' ? '<' : '>'), sql.raw(times)]
  const [time, number] = [sql.raw(`${alias}.${column}`), sql.raw(`${alias}.number`)]
  return sql`SELECT ${text(placeOf('o', ordering))} FROM json_each(${JSON.stringify(bounded)}) c
    CROSS JOIN tickets o ON o.seq IN (
      SELECT ${text(`${alias}.seq FROM ${from}`)}
      WHERE ${inEachFacet(accountId, by, alias)}${asked ?? sql``}
        AND (${time}, ${number}) ${comparison} (c.value ->> 'at', c.value ->> 'number')
      ORDER BY ${time} ${way}, ${number} ${way} LIMIT ${wanted})
    WHERE +o.account_id = ${accountId} ${orderBy(ordering)}`
}
