import { alias } from '../../../src/db/alias.ts'
import { tickets } from '../../../src/db/schema/tickets.ts'
import { ticketSearch } from '../../../src/db/search-table.ts'
import { ticketTokens } from '../../../src/db/search-text.ts'
import { type SQL, sql } from '../../../src/db/sql.ts'
import { select } from '../../../src/db/statement.ts'
import { update } from '../../../src/db/write.ts'
import { sqlText } from '../../lib/sql-text.ts'
import type { ResultRow } from '../statement.ts'
import { eachRange, ROWS_PER_STEP, type Steps } from '../steps.ts'

/** Their texts are read, up to 66 KB each, and each is looked up in the index. */
const TICKETS_PER_STEP = ROWS_PER_STEP / 50
const INDEXED_PER_STEP = ROWS_PER_STEP / 2
/** Of the tokens of a description that are looked up. */
const CHARACTERS = 400

const t = alias(tickets, 't')

/** FTS5's table of the rows that it has indexed: https://sqlite.org/fts5.html#the_docsize_table */
const indexedRows = sql.raw('ticket_search_docsize')
const indexedRow = { id: sql.raw('d.id') }

/**
 * Counts tickets that the index lacks or has with other texts, and rows of the index without a ticket. Tickets that the sweep has
 * not indexed yet do not count. With `repair`, it corrects the tokens of tickets; `rebuildSearch` then corrects the index.
 */
export function* compareSearch(repair = false): Steps<number> {
  let differences = 0
  yield* eachRange(
    tickets,
    [tickets.rowId],
    function* (isWithin): Steps {
      const [found = []] = yield [sqlText(ticketsWithin(isWithin))]
      const stale = new Set(found.filter(hasOtherTokens))
      differences += found.filter((row) => stale.has(row) || row.is_found !== 1).length
      if (repair && stale.size > 0) yield [...stale].map(correctTokens)
    },
    TICKETS_PER_STEP,
  )
  return differences + (yield* countRowsWithoutTicket())
}

function ticketsWithin(isWithin: SQL) {
  const isIndexed = sql`EXISTS (SELECT 1 FROM ${indexedRows} d WHERE ${indexedRow.id} = ${t.searchId})`
  const isFound = sql`EXISTS (SELECT 1 FROM ${ticketSearch} WHERE ${ticketSearch} MATCH ${TEXTS} AND ${ticketSearch.rowId} = ${t.searchId})`
  return select(
    {
      account_id: t.accountId,
      id: t.id,
      title: t.title,
      description: t.description,
      title_tokens: t.titleTokens,
      description_tokens: t.descriptionTokens,
      is_found: sql<number>`${isIndexed} AND ${isFound}`,
    },
    sql`FROM (SELECT * FROM ${tickets} WHERE ${isWithin}) AS t
      JOIN ticket_tokens s ON s.${tickets.rowId} = ${t.rowId} WHERE ${t.searchId} IS NOT NULL`,
  )
}

function tokensOf(row: ResultRow) {
  return ticketTokens(String(row.account_id), { title: String(row.title), description: String(row.description) })
}

function hasOtherTokens(row: ResultRow): boolean {
  const { titleTokens, descriptionTokens } = tokensOf(row)
  return row.title_tokens !== titleTokens || row.description_tokens !== descriptionTokens
}

/** Only if the texts are still those that were read. */
function correctTokens(row: ResultRow): string {
  return sqlText(
    update(
      tickets,
      tokensOf(row),
      sql`${tickets.accountId} = ${String(row.account_id)} AND ${tickets.id} = ${String(row.id)}
        AND ${tickets.title} = ${String(row.title)} AND octet_length(${tickets.description}) = ${Buffer.byteLength(String(row.description))}`,
    ),
  )
}

function* countRowsWithoutTicket(): Steps<number> {
  let count = 0
  for (let after = 0; ; ) {
    const page = sql`SELECT ${indexedRow.id} AS indexed FROM ${indexedRows} d WHERE ${indexedRow.id} > ${after}
      ORDER BY ${indexedRow.id} LIMIT ${INDEXED_PER_STEP}`
    const [[row] = []] = yield [
      sqlText(sql`SELECT count(*) AS rows, max(indexed) AS last,
        coalesce(sum(NOT EXISTS (SELECT 1 FROM ${tickets} WHERE ${tickets.searchId} = indexed)), 0) AS n FROM (${page})`),
    ]
    count += Number(row?.n)
    if (Number(row?.rows) < INDEXED_PER_STEP) return count
    after = Number(row?.last)
  }
}

/** Whole tokens: a search for the beginning of a token reads every token that begins with it. */
const BEGINNING = sql`substr(s.description, 1, ${CHARACTERS})`
const DESCRIPTION = sql`CASE WHEN length(s.description) <= ${CHARACTERS} THEN s.description
  ELSE rtrim(${BEGINNING}, replace(${BEGINNING}, ' ', '')) END`

/** The search for a ticket by its own tokens. Tokens contain no quotation marks. */
const TEXTS = sql`'creator:"' || s.creator || '"' || ${phraseOf('title', sql`s.title`)} || ${phraseOf('description', DESCRIPTION)}`

function phraseOf(column: string, text: SQL): SQL {
  return sql`CASE WHEN trim(${text}) <> '' THEN ${` AND ${column}:"`} || ${text} || '"' ELSE '' END`
}
