import { alias } from '../../../src/db/alias.ts'
import { tickets, type ticketTags, type ticketTagsUpdated } from '../../../src/db/schema/tickets.ts'
import { type SQL, sql } from '../../../src/db/sql.ts'
import { sqlText } from '../../lib/sql-text.ts'
import { ROWS_PER_STEP, type Steps } from '../steps.ts'

const t = alias(tickets, 't')

type TagTable = typeof ticketTags | typeof ticketTagsUpdated

/** Tickets of a range at most, if they have few tags. */
const TICKETS_PER_STEP = 500
/** Each is looked up among the 20 tags that its ticket has at most. */
const TAGS_PER_STEP = ROWS_PER_STEP / 25

/**
 * Counts, and optionally repairs, the tags of an account that a table lacks and those that no ticket has. Each range is
 * compared in one transaction, so it does not matter if the account is written to.
 */
export function* compareTags(accountId: string, table: TagTable, repair: boolean): Steps<number> {
  return (yield* compareTickets(accountId, table, repair)) + (yield* compareEntries(accountId, table, repair))
}

function* compareTickets(accountId: string, table: TagTable, repair: boolean): Steps<number> {
  let missing = 0
  for (let after = 0; ; ) {
    const range = sql`SELECT ${t.number} AS n, 1 + json_array_length(${t.tags}) AS cost
      FROM ${t} WHERE ${t.accountId} = ${accountId} AND ${t.number} > ${after} ORDER BY ${t.number} LIMIT ${TICKETS_PER_STEP}`
    const costs = sql`SELECT n, sum(cost) OVER (ORDER BY n ROWS UNBOUNDED PRECEDING) AS cost FROM (${range})`
    const end = sql`SELECT count(*) AS n, max(n) AS last FROM (${costs}) WHERE cost <= ${TICKETS_PER_STEP}`
    const [[found] = []] = yield [sqlText(end)]
    if (!Number(found?.n)) return missing
    const last = Number(found?.last)
    const tags = tagsOf(table, sql`${t.accountId} = ${accountId} AND ${t.number} > ${after} AND ${t.number} <= ${last}`)
    const lacking = sql`SELECT * FROM (${tags}) e WHERE NOT EXISTS (SELECT 1 FROM ${table} x WHERE ${isEntry(table)})`
    const [[counted] = []] = yield [sqlText(sql`SELECT count(*) AS n FROM (${lacking})`)]
    if (repair && counted?.n) yield [sqlText(sql`INSERT INTO ${table} ${lacking}`)]
    missing += Number(counted?.n)
    after = last
  }
}

function* compareEntries(accountId: string, table: TagTable, repair: boolean): Steps<number> {
  const key = columnsOf(table)
  const order = sql.join(key, sql`, `)
  let isAfter = sql`${table.accountId} = ${accountId}`
  for (let superfluous = 0; ; ) {
    const page = sql`SELECT ${order} FROM ${table} WHERE ${isAfter} ORDER BY ${order} LIMIT ${TAGS_PER_STEP}`
    const tags = tagsOf(table, sql`${t.rowId} = e.${table.rowId}`)
    const isTag = sql`EXISTS (SELECT 1 FROM (${tags}) x WHERE ${isEntry(table)})`
    const [rows = []] = yield [sqlText(sql`SELECT ${order}, ${isTag} AS is_tag FROM (${page}) e`)]
    const without = rows.filter((row) => !row.is_tag).length
    superfluous += without
    if (repair && without > 0)
      yield [
        sqlText(sql`DELETE FROM ${table} WHERE (${order}) IN (SELECT ${order} FROM (${page}) e WHERE NOT ${isTag})`),
      ]
    const last = rows.at(-1)
    if (!last || rows.length < TAGS_PER_STEP) return superfluous
    // With the account in the comparison as well, SQLite would read the account's entries from the first one.
    const rest = key.slice(1)
    const values = rest.map(({ name }) => last[name] ?? null)
    isAfter = sql`${table.accountId} = ${accountId} AND (${sql.join(rest, sql`, `)}) > (${sql.join(values, sql`, `)})`
  }
}

/** The entries that some tickets should have, in the order of the table's columns. */
function tagsOf(table: TagTable, condition: SQL): SQL {
  const time = 'createdAt' in table ? t.createdAt : t.updatedAt
  const [account, tag, status, rank, at, number, rowId] = columnsOf(table)
  return sql`SELECT ${t.accountId} AS ${account}, j.value AS ${tag}, ${t.status} AS ${status}, ${t.priorityRank} AS ${rank},
    ${time} AS ${at}, ${t.number} AS ${number}, ${t.rowId} AS ${rowId} FROM ${t} JOIN json_each(${t.tags}) j WHERE ${condition}`
}

function isEntry(table: TagTable): SQL {
  return sql.join(
    columnsOf(table).map((column) => sql`x.${column} = e.${column}`),
    sql` AND `,
  )
}

function columnsOf(table: TagTable) {
  const { accountId, tag, status, priorityRank, number, rowId } = table
  const time = 'createdAt' in table ? table.createdAt : table.updatedAt
  return [accountId, tag, status, priorityRank, time, number, rowId]
}
