import { tickets } from '../../../src/db/schema/tickets.ts'
import { ticketSearch } from '../../../src/db/search-table.ts'
import { sql } from '../../../src/db/sql.ts'
import { sqlText } from '../../lib/sql-text.ts'
import type { ResultRow } from '../statement.ts'
import { ROWS_PER_STEP, type Steps } from '../steps.ts'

/** Indexing a ticket writes more than its row. */
const TICKETS_PER_STEP = ROWS_PER_STEP / 5

/** The new index, and the search ID up to which it has the tickets. Triggers keep it up to date up to there. */
const NEXT = 'ticket_search_next'
const PROGRESS = 'ticket_search_progress'
const POSITION = `(SELECT position FROM ${PROGRESS})`

const SCHEMA = `SELECT name, type, sql FROM sqlite_schema
  WHERE name = 'ticket_search' OR (type = 'trigger' AND name GLOB 'ticket_search_*' AND name NOT GLOB '${NEXT}_*')
  ORDER BY type = 'trigger', name`

/**
 * Replaces the full-text index. The old one serves searches until the new one is complete, and writes go on. After an
 * interruption it continues where it stopped.
 */
export function* rebuildSearch(): Steps {
  const [schema = [], [started] = []] = yield [SCHEMA, `SELECT 1 FROM sqlite_schema WHERE name = '${PROGRESS}'`]
  const definitions = schema.map(toDefinition)
  if (!started) yield definitions.flatMap(beginStatements)
  while (true) {
    const end = sql`SELECT ${tickets.searchId} AS last FROM ${tickets} WHERE ${tickets.searchId} > ${sql.raw(POSITION)}
      ORDER BY ${tickets.searchId} LIMIT 1 OFFSET ${TICKETS_PER_STEP - 1}`
    const [[row] = []] = yield [sqlText(end)]
    if (!row) break
    yield [
      indexTickets(`AND search_id <= ${Number(row.last)}`),
      `UPDATE ${PROGRESS} SET position = ${Number(row.last)}`,
    ]
  }
  yield finishStatements(definitions)
}

interface Definition {
  name: string
  isTrigger: boolean
  sql: string
}

function toDefinition({ name, type, sql: text }: ResultRow): Definition {
  return { name: String(name), isTrigger: type === 'trigger', sql: String(text) }
}

function beginStatements(definition: Definition): string[] {
  const renamed = definition.sql.replaceAll(/\bticket_search(?=\b|_(insert|update|delete)\b)/g, NEXT)
  if (definition.isTrigger) return [limitedToPosition(renamed)]
  return [
    renamed,
    `INSERT INTO ${NEXT} (${NEXT}, rank) VALUES ('secure-delete', 1)`,
    `CREATE TABLE ${PROGRESS} (position INTEGER NOT NULL) STRICT`,
    `INSERT INTO ${PROGRESS} VALUES (0)`,
  ]
}

/** Tickets after the position are indexed later, with the texts that they have then. */
function limitedToPosition(trigger: string): string {
  const searchId = trigger.includes('AFTER DELETE') ? 'old.search_id' : 'new.search_id'
  const condition = `coalesce(${searchId} <= ${POSITION}, 0)`
  const [, before = '', , when, body = ''] = /^([\s\S]*?)(\bWHEN\b([\s\S]*?))?\bBEGIN\b([\s\S]*)$/.exec(trigger) ?? []
  return `${before} WHEN ${when === undefined ? condition : `(${when}) AND ${condition}`} BEGIN${body}`
}

function indexTickets(condition: string): string {
  return `INSERT INTO ${NEXT} (rowid, title, description, creator)
    SELECT search_id, title, description, creator FROM ticket_tokens WHERE search_id > ${POSITION} ${condition}`
}

/** Fewer tickets than a step are left. */
function finishStatements(definitions: Definition[]): string[] {
  const triggers = definitions.filter(({ isTrigger }) => isTrigger)
  return [
    indexTickets(''),
    ...triggers.flatMap(({ name }) => [name.replace('ticket_search', NEXT), name].map((one) => `DROP TRIGGER ${one}`)),
    sqlText(sql`DROP TABLE ${ticketSearch}`),
    sqlText(sql`ALTER TABLE ${sql.raw(NEXT)} RENAME TO ${ticketSearch}`),
    ...triggers.map((trigger) => trigger.sql),
    `DROP TABLE ${PROGRESS}`,
  ]
}
