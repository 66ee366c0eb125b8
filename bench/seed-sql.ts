import { sqlText } from '../scripts/lib/sql-text.ts'
import { alias } from '../src/db/alias.ts'
import { accountCounters, accounts, users } from '../src/db/schema/accounts.ts'
import { attachments, comments, tickets } from '../src/db/schema/tickets.ts'
import { events } from '../src/db/schema/webhooks.ts'
import { newSearchId } from '../src/db/search-id.ts'
import { searchKey } from '../src/db/search-text.ts'
import { type SQL, sql } from '../src/db/sql.ts'
import type { Statement } from '../src/db/statement.ts'
import { insertSelect } from '../src/db/write.ts'
import {
  ACCOUNT_ID,
  AGENTS,
  ATTACHMENT_ID,
  CALLER_ID,
  COMMENT_ID,
  CUSTOMERS,
  createdAt,
  EVENT_ID,
  HEAVY_ATTACHMENTS,
  HEAVY_COMMENTS,
  heavyNumber,
  MAX_EVENTS,
  MEMBER_ID,
  RARE_TAG,
  RARE_TICKETS,
  RARE_WORD,
  readStep,
  TAGS,
  TICKET_ID,
  ticketId,
} from './dataset.ts'
import { CREATED_EVENT, MEMBERS } from './floor-sql.ts'

/** A compromise between the memory of D1's engine and its speed. */
const ROWS_PER_STATEMENT = 5_000
const MINUTE = 60_000

const t = alias(tickets, 't')

/**
 * Fills an empty database with an account of this size. The database's triggers count, tag and index the rows, like for
 * the service.
 */
export function seedStatements(size: number): string[] {
  const eventCount = Math.min(size, MAX_EVENTS)
  const statements = [
    insertSelect(accounts, {
      id: ACCOUNT_ID,
      slug: 'bench',
      name: 'Bench',
      plan: 'premium',
      allowRegistration: 0,
      createdAt: createdAt(0, size),
    }),
    insertSelect(accountCounters, {
      accountId: ACCOUNT_ID,
      ticketNumber: size,
      eventSequence: eventCount,
      fannedOutSequence: eventCount,
    }),
    insertMembers('agent', AGENTS, size),
    insertMembers('customer', CUSTOMERS, size),
    ...inChunks(size, (first, last) => insertTickets(first, last, size)),
    insertComments(size),
    ...inChunks(HEAVY_COMMENTS, (first, last) => insertHeavyComments(first, last, size)),
    insertHeavyAttachments(size),
    ...inChunks(eventCount, (first, last) => insertEvents(first, last, size - eventCount)),
  ]
  return statements.map(sqlText)
}

function inChunks(rows: number, statement: (first: number, last: number) => Statement): Statement[] {
  const chunks = Math.ceil(rows / ROWS_PER_STATEMENT)
  return Array.from({ length: chunks }, (_, chunk) =>
    statement(chunk * ROWS_PER_STATEMENT + 1, Math.min(rows, (chunk + 1) * ROWS_PER_STATEMENT)),
  )
}

/** A table of one column, `i`, with these numbers. */
function numbers(first: number, last: number): SQL {
  return sql`(WITH RECURSIVE n (i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last}) SELECT i FROM n)`
}

function insertMembers(role: 'agent' | 'customer', count: number, size: number): Statement {
  return insertSelect(
    users,
    {
      accountId: ACCOUNT_ID,
      id: sql`printf(${MEMBER_ID[role]}, i)`,
      kind: 'person',
      name: sql`${`Member ${role} `} || i`,
      email: sql`${role} || i || '@example.com'`,
      emailNormalized: sql`${role} || i || '@example.com'`,
      role,
      status: 'active',
      tokenVersion: 1,
      createdAt: createdAt(0, size),
    },
    sql`FROM ${numbers(0, count - 1)}`,
  )
}

/**
 * At a constant rate, distributed by multiplicative hashes over statuses, priorities, agents and customers, so that
 * they are the same every time: a tenth is open, a quarter unassigned, a twentieth each customer's.
 */
const TITLE = sql<string>`printf('Report %d could not be exported', i)`

/** What the Worker makes of these texts for the search index. */
function tokensOf(text: SQL<string>): SQL<string> {
  const words = sql`replace(replace(replace(lower(trim(${text})), ',', ''), '.', ''), ';', '')`
  return sql`${`${searchKey(ACCOUNT_ID)} `} || ${words}`
}

function insertTickets(first: number, last: number, size: number): Statement {
  const created = sql<number>`${createdAt(0, size)} + i * ${createdAt(1, size) - createdAt(0, size)}`
  const isRare = sql`i % ${size / RARE_TICKETS} = 7`
  const description = sql<string>`printf('The export of report %d stops after a minute, with the message code%d and nothing in the log. ', i, i % 500)
        || iif(${isRare}, ${`The ${RARE_WORD} template is affected. `}, '')
        || 'It worked last week; the same report opens in the browser, and others can be exported.'`
  return insertSelect(
    tickets,
    {
      accountId: ACCOUNT_ID,
      id: sql`printf(${TICKET_ID}, i)`,
      number: sql`i`,
      version: 1,
      title: TITLE,
      description,
      status: sql`
        CASE h % 20 WHEN 0 THEN 'open' WHEN 1 THEN 'open' WHEN 2 THEN 'in_progress' WHEN 3 THEN 'resolved' ELSE 'closed' END`,
      priority: sql`
        CASE h / 20 % 10 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'high' ELSE iif(h / 20 % 2, 'low', 'medium') END`,
      createdBy: sql`printf(${MEMBER_ID.customer}, g % ${CUSTOMERS})`,
      assignedTo: sql`iif(g / 20 % 12 < ${AGENTS}, printf(${MEMBER_ID.agent}, g / 20 % 12), NULL)`,
      tags: sql`iif(${isRare}, json_array('reports', ${RARE_TAG}), json_array('reports', 'tag' || (i % ${TAGS})))`,
      customFields: sql`json_object('browser', 'Firefox 102.0', 'os', 'MacOS 13.4')`,
      createdAt: created,
      updatedAt: sql`${created} + h % 2000 * ${MINUTE}`,
      searchId: newSearchId(sql`${created}`, sql`i`),
      titleTokens: tokensOf(TITLE),
      descriptionTokens: tokensOf(description),
    },
    sql`FROM (
      SELECT i, (i * 2654435761 & 0xffffffff) >> 7 AS h, (i * 2246822519 & 0xffffffff) >> 9 AS g
      FROM ${numbers(first, last)})`,
  )
}

function insertComments(size: number): Statement {
  return insertSelect(
    comments,
    {
      accountId: t.accountId,
      id: sql`printf(${COMMENT_ID}, 1000000 + 2 * ${t.number} + side.value)`,
      ticketId: t.id,
      createdBy: sql`iif(side.value, ${CALLER_ID}, ${t.createdBy})`,
      content: 'I looked into it and it happens with every browser that I tried.',
      isInternal: sql`side.value`,
      createdAt: t.createdAt,
    },
    sql`FROM ${t} JOIN json_each('[0, 1]') side WHERE ${t.accountId} = ${ACCOUNT_ID} AND ${t.number} % ${readStep(size)} = 0`,
  )
}

function insertHeavyComments(first: number, last: number, size: number): Statement {
  return insertSelect(
    comments,
    {
      accountId: ACCOUNT_ID,
      id: sql`printf(${COMMENT_ID}, i)`,
      ticketId: ticketId(heavyNumber(size)),
      createdBy: CALLER_ID,
      content: sql`'Seen again, for the ' || i || 'th time, with every browser that I tried.'`,
      isInternal: sql`i % 2`,
      createdAt: sql`${createdAt(heavyNumber(size), size)} + i * ${MINUTE}`,
    },
    sql`FROM ${numbers(first, last)}`,
  )
}

function insertHeavyAttachments(size: number): Statement {
  return insertSelect(
    attachments,
    {
      accountId: ACCOUNT_ID,
      id: sql`printf(${ATTACHMENT_ID}, i)`,
      ticketId: ticketId(heavyNumber(size)),
      commentId: null,
      isInternal: sql`i % 2`,
      filename: sql`'error_log' || i || '.txt'`,
      size: sql`1000 + i`,
      mimeType: 'text/plain',
      sha256: sql`printf('%064x', i)`,
      createdAt: sql`${createdAt(heavyNumber(size), size)} + i * ${MINUTE}`,
    },
    sql`FROM ${numbers(1, HEAVY_ATTACHMENTS)}`,
  )
}

/** For the newest tickets, as the service would write them. */
function insertEvents(first: number, last: number, before: number): Statement {
  return insertSelect(
    events,
    {
      accountId: t.accountId,
      sequence: sql`${t.number} - ${before}`,
      id: sql`printf(${EVENT_ID}, ${t.number})`,
      type: 'ticket.created',
      ticketId: t.id,
      isInternal: 0,
      data: CREATED_EVENT,
      createdAt: t.createdAt,
    },
    sql`FROM ${t} ${MEMBERS}
      WHERE ${t.accountId} = ${ACCOUNT_ID} AND ${t.number} BETWEEN ${before + first} AND ${before + last}`,
  )
}
