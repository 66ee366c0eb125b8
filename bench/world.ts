/** The account that is measured: its caller, its tickets, and the SQL that makes them. */

export const ACCOUNT_ID = 'acct_bench'
export const CALLER_ID = 'user_bench'
export const TICKETS = 10_000

const CREATORS = 20
const TICKETS_A_STATEMENT = 1_000
const FIRST_CREATED = Date.UTC(2026, 0, 1)

/** The tickets that are read one by one; each has two comments. */
export const READ_TICKETS: readonly string[] = Array.from({ length: 50 }, (_, index) => ticketId(index + 1))

export const NEW_TICKET = JSON.stringify({
  title: 'Cannot export reports',
  description: "The export button doesn't work when I try to export monthly reports",
  priority: 'medium',
  tags: ['reports', 'export'],
  custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
})

function ticketId(number: number): string {
  return `ticket_bench${String(number).padStart(5, '0')}`
}

/** The statements that fill an empty database, in their order; each is small enough for D1. */
export function seedStatements(): string[] {
  const tickets: string[] = []
  for (let first = 1; first <= TICKETS; first += TICKETS_A_STATEMENT)
    tickets.push(insertTickets(first, Math.min(TICKETS, first + TICKETS_A_STATEMENT - 1)))
  return [
    `INSERT INTO accounts (id, slug, name, plan, allow_registration, created_at)
      VALUES ('${ACCOUNT_ID}', 'bench', 'Bench', 'premium', 0, ${FIRST_CREATED})`,
    `INSERT INTO account_state (account_id, ticket_number, event_sequence) VALUES ('${ACCOUNT_ID}', ${TICKETS}, 0)`,
    insertMember(CALLER_ID, 'agent'),
    ...Array.from({ length: CREATORS }, (_, index) => insertMember(`user_bench${index}`, 'customer')),
    ...tickets,
    `INSERT INTO comments (account_id, id, ticket_id, created_by, content, is_internal, created_at)
      SELECT account_id, 'comment_bench' || number || side.value, tickets.id, iif(side.value, created_by, '${CALLER_ID}'),
        'I looked into it and it happens with every browser that I tried.', side.value, created_at
      FROM tickets JOIN json_each('[0, 1]') side
      WHERE account_id = '${ACCOUNT_ID}' AND number <= ${READ_TICKETS.length}`,
    'PRAGMA optimize',
  ]
}

function insertMember(id: string, role: 'agent' | 'customer'): string {
  return `INSERT INTO users
    (account_id, id, kind, name, email, email_key, role, status, credential_generation, created_at)
    VALUES ('${ACCOUNT_ID}', '${id}', 'person', 'Member ${id}', '${id}@example.com', '${id}@example.com', '${role}',
      'active', 1, ${FIRST_CREATED})`
}

/** Tickets a minute apart, of several creators, statuses, priorities and words; half of them assigned to the caller. */
function insertTickets(first: number, last: number): string {
  return `INSERT INTO tickets (account_id, id, number, version, title, description, status, priority, created_by,
      assigned_to, tags, custom_fields, created_at, updated_at)
    WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})
    SELECT '${ACCOUNT_ID}', printf('ticket_bench%05d', i), i, 1,
      printf('Report %d can not be exported', i),
      printf('The export of report %d stops after a minute, with the message code%d and nothing in the log. ', i, i % 500)
        || 'It worked last week; the same report opens in the browser, and others can be exported.',
      (json_array('open', 'in_progress', 'resolved', 'closed') ->> (i % 4)),
      (json_array('low', 'medium', 'high', 'critical') ->> (i / 4 % 4)),
      'user_bench' || (i % ${CREATORS}), iif(i % 2, '${CALLER_ID}', NULL),
      json_array('reports', 'tag' || (i % 50)), json_object('browser', 'Firefox 102.0', 'os', 'MacOS 13.4'),
      ${FIRST_CREATED} + i * 60000, ${FIRST_CREATED} + i * 60000
    FROM n`
}
