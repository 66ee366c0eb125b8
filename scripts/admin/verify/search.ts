import { tickets } from '../../../src/db/schema/tickets.ts'
import { ticketSearch } from '../../../src/db/search-table.ts'
import { type SQL, sql } from '../../../src/db/sql.ts'
import { sqlText } from '../../lib/sql-text.ts'
import { eachRange, ROWS_PER_STEP, type Steps } from '../steps.ts'

/** Each is looked up in the index by its texts. */
const TICKETS_PER_STEP = ROWS_PER_STEP / 20
/** Characters of a description that are looked up. */
const BEGINNING = 60

/** FTS5's table of the rows that it has indexed: https://sqlite.org/fts5.html#the_docsize_table */
const indexedRows = sql.raw('tickets_fts_docsize')
const indexedRow = { id: sql.raw('d.id') }

/** Counts tickets that the index lacks, and rows of the index without a ticket or with other texts. */
export function* compareSearch(): Steps<number> {
  let differences = 0
  yield* eachRange(
    tickets,
    [tickets.rowId],
    function* (isWithin): Steps {
      const isIndexed = sql`EXISTS (SELECT 1 FROM ${indexedRows} d WHERE ${indexedRow.id} = s.${tickets.rowId})`
      const isFound = sql`EXISTS (SELECT 1 FROM ${ticketSearch} WHERE ${ticketSearch} MATCH ${TEXTS} AND ${ticketSearch.rowId} = s.${tickets.rowId})`
      const [[row] = []] = yield [
        sqlText(sql`SELECT count(*) AS n FROM (SELECT * FROM tickets_search WHERE ${isWithin}) s
          WHERE NOT (${isIndexed} AND ${isFound})`),
      ]
      differences += Number(row?.n)
    },
    TICKETS_PER_STEP,
  )
  return differences + (yield* countRowsWithoutTicket())
}

function* countRowsWithoutTicket(): Steps<number> {
  let count = 0
  for (let after = 0; ; ) {
    const page = sql`SELECT ${indexedRow.id} AS indexed FROM ${indexedRows} d WHERE ${indexedRow.id} > ${after}
      ORDER BY ${indexedRow.id} LIMIT ${TICKETS_PER_STEP}`
    const [[row] = []] = yield [
      sqlText(sql`SELECT count(*) AS rows, max(indexed) AS last,
        coalesce(sum(NOT EXISTS (SELECT 1 FROM ${tickets} WHERE ${tickets.rowId} = indexed)), 0) AS n FROM (${page})`),
    ]
    count += Number(row?.n)
    if (Number(row?.rows) < TICKETS_PER_STEP) return count
    after = Number(row?.last)
  }
}

/** The search for a ticket by its own texts. A phrase without a letter or digit may have no term, and would find nothing. */
const TEXTS = sql`'scope:"' || s.scope || '"' || ${phraseOf('title', sql`s.title`, '')}
  || ${phraseOf('description', sql`substr(s.description, 1, ${BEGINNING})`, ' *')}`

function phraseOf(column: string, text: SQL, end: string): SQL {
  const beginning = ` AND ${column}:"`
  return sql`CASE WHEN ${text} GLOB '*[a-zA-Z0-9]*'
    THEN ${beginning} || replace(${text}, '"', '""') || ${`"${end}`} ELSE '' END`
}
