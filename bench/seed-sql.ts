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

/**
 * Fills an empty database with an account of this size. The database's triggers count, tag and index the rows, like for
 * the service.
 */
export function seedStatements(size: number): string[] {
  const events = Math.min(size, MAX_EVENTS)
  return [
    `INSERT INTO accounts (id, slug, name, plan, allow_registration, created_at)
      VALUES ('${ACCOUNT_ID}', 'bench', 'Bench', 'premium', 0, ${createdAt(0, size)})`,
    `INSERT INTO account_state (account_id, ticket_number, event_sequence, fanned_out_sequence)
      VALUES ('${ACCOUNT_ID}', ${size}, ${events}, ${events})`,
    insertMembers('agent', AGENTS, size),
    insertMembers('customer', CUSTOMERS, size),
    ...inChunks(size, (first, last) => insertTickets(first, last, size)),
    `INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
      SELECT account_id, printf('${COMMENT_ID}', 1000000 + 2 * number + side.value), tickets.id, iif(side.value, '${CALLER_ID}', created_by),
        'I looked into it and it happens with every browser that I tried.', side.value, created_at
      FROM tickets JOIN json_each('[0, 1]') side
      WHERE account_id = '${ACCOUNT_ID}' AND number % ${readStep(size)} = 0`,
    ...inChunks(HEAVY_COMMENTS, (first, last) => insertHeavyComments(first, last, size)),
    insertHeavyAttachments(size),
    ...inChunks(events, (first, last) => insertEvents(first, last, size - events)),
  ]
}

function inChunks(rows: number, statement: (first: number, last: number) => string): string[] {
  const chunks = Math.ceil(rows / ROWS_PER_STATEMENT)
  return Array.from({ length: chunks }, (_, chunk) =>
    statement(chunk * ROWS_PER_STATEMENT + 1, Math.min(rows, (chunk + 1) * ROWS_PER_STATEMENT)),
  )
}

function numbers(first: number, last: number): string {
  return `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`
}

function insertMembers(role: 'agent' | 'customer', count: number, size: number): string {
  return `INSERT INTO users
      (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
    ${numbers(0, count - 1)}
    SELECT '${ACCOUNT_ID}', printf('${MEMBER_ID[role]}', i), 'person', 'Member ${role} ' || i, '${role}' || i || '@example.com',
      '${role}' || i || '@example.com', '${role}', 'active', 1, ${createdAt(0, size)}
    FROM n`
}

/**
 * At a constant rate, distributed by multiplicative hashes over statuses, priorities, agents and customers, so that
 * they are the same every time: a tenth is open, a quarter unassigned, a twentieth each customer's.
 */
function insertTickets(first: number, last: number, size: number): string {
  const created = `${createdAt(0, size)} + i * ${createdAt(1, size) - createdAt(0, size)}`
  const isRare = `i % ${size / RARE_TICKETS} = 7`
  return `INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by,
      assigned_to, tags, custom_fields, created_at, updated_at)
    ${numbers(first, last)}, strewn AS (
      SELECT i, (i * 2654435761 & 0xffffffff) >> 7 AS h, (i * 2246822519 & 0xffffffff) >> 9 AS g FROM n)
    SELECT '${ACCOUNT_ID}', printf('${TICKET_ID}', i), i, 1,
      printf('Report %d can not be exported', i),
      printf('The export of report %d stops after a minute, with the message code%d and nothing in the log. ', i, i % 500)
        || iif(${isRare}, 'The ${RARE_WORD} template is affected. ', '')
        || 'It worked last week; the same report opens in the browser, and others can be exported.',
      CASE h % 20 WHEN 0 THEN 'open' WHEN 1 THEN 'open' WHEN 2 THEN 'in_progress' WHEN 3 THEN 'resolved' ELSE 'closed' END,
      CASE h / 20 % 10 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' WHEN 2 THEN 'high' ELSE iif(h / 20 % 2, 'low', 'medium') END,
      printf('${MEMBER_ID.customer}', g % ${CUSTOMERS}),
      iif(g / 20 % 12 < ${AGENTS}, printf('${MEMBER_ID.agent}', g / 20 % 12), NULL),
      iif(${isRare}, json_array('reports', '${RARE_TAG}'), json_array('reports', 'tag' || (i % ${TAGS}))),
      json_object('browser', 'Firefox 102.0', 'os', 'MacOS 13.4'), ${created}, ${created} + h % 2000 * ${MINUTE}
    FROM strewn`
}

function insertHeavyComments(first: number, last: number, size: number): string {
  return `INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
    ${numbers(first, last)}
    SELECT '${ACCOUNT_ID}', printf('${COMMENT_ID}', i), '${ticketId(heavyNumber(size))}', '${CALLER_ID}',
      'Seen again, for the ' || i || 'th time, with every browser that I tried.', i % 2,
      ${createdAt(heavyNumber(size), size)} + i * ${MINUTE}
    FROM n`
}

function insertHeavyAttachments(size: number): string {
  return `INSERT INTO attachments
      (account_id, id, ticket_id, comment_id, is_internal, filename, size, mime_type, sha256, created_at)
    ${numbers(1, HEAVY_ATTACHMENTS)}
    SELECT '${ACCOUNT_ID}', printf('${ATTACHMENT_ID}', i), '${ticketId(heavyNumber(size))}', NULL, i % 2, 'error_log' || i || '.txt',
      1000 + i, 'text/plain', printf('%064x', i), ${createdAt(heavyNumber(size), size)} + i * ${MINUTE}
    FROM n`
}

/** For the newest tickets, as the service would write them. */
function insertEvents(first: number, last: number, before: number): string {
  return `INSERT INTO events (account_id, sequence, id, type, ticket_id, is_internal, data, created_at)
    SELECT t.account_id, t.number - ${before}, printf('${EVENT_ID}', t.number), 'ticket.created', t.id, 0, ${CREATED_EVENT},
      t.created_at
    FROM tickets t ${MEMBERS}
    WHERE t.account_id = '${ACCOUNT_ID}' AND t.number BETWEEN ${before + first} AND ${before + last}`
}
