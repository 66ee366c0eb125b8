import type { accounts, users } from '../../src/db/schema/accounts.ts'
import type { attachments, comments, tickets } from '../../src/db/schema/tickets.ts'
import { ADA, COLLEAGUES, GLOBEX } from './people.ts'

/** The examples of the API reference, and the users of a second account, whose tickets are generated: see ./globex.ts. */

export const PASSWORD = 'your_password'

const at = (text: string) => Date.parse(text)
const OPENED = at('2024-12-01T00:00:00Z')

export const ACCOUNTS = [
  { id: 'acct_acme', slug: 'acme', name: 'Acme', plan: 'standard', allowRegistration: 1, createdAt: OPENED },
  { id: 'acct_globex', slug: 'globex', name: 'Globex', plan: 'premium', allowRegistration: 0, createdAt: OPENED },
] satisfies (typeof accounts.$inferInsert)[]

const userRow = (
  account: string,
  id: string,
  name: string,
  email: string,
  role: (typeof users.$inferInsert)['role'],
  lastLogin: string | null,
) =>
  ({
    accountId: account,
    id,
    kind: 'person',
    name,
    email,
    emailNormalized: email,
    role,
    status: 'active',
    tokenVersion: 1,
    createdAt: OPENED,
    lastLoginAt: lastLogin === null ? null : at(lastLogin),
  }) satisfies typeof users.$inferInsert

export const USERS = [
  userRow('acct_acme', 'user789', 'John Doe', 'john@example.com', 'admin', '2025-05-03T08:15:00Z'),
  userRow('acct_acme', 'user123', 'John Doe', 'user@example.com', 'agent', null),
  userRow('acct_acme', 'agent789', 'Support Agent', 'agent@example.com', 'agent', null),
  userRow('acct_acme', 'user456', 'Jane Smith', 'jane@example.com', 'customer', null),
  ...[ADA, ...COLLEAGUES].map(({ id, name, email, role }) => userRow(GLOBEX, id, name, email, role, null)),
] satisfies (typeof users.$inferInsert)[]

export const TICKETS = [
  {
    accountId: 'acct_acme',
    id: 'ticket123',
    number: 1,
    version: 1,
    title: 'Cannot access customer dashboard',
    description: "I'm getting a 404 error when trying to access the dashboard",
    status: 'open',
    priority: 'high',
    createdBy: 'user456',
    assignedTo: 'agent789',
    tags: JSON.stringify(['dashboard', 'access', 'error']),
    customFields: JSON.stringify({ browser: 'Chrome 112.0', os: 'Windows 11', product_area: 'Dashboard' }),
    createdAt: at('2025-05-01T09:30:00Z'),
    updatedAt: at('2025-05-01T09:30:00Z'),
  },
  {
    accountId: 'acct_acme',
    id: 'ticket124',
    number: 2,
    version: 1,
    title: 'Cannot export reports',
    description: "The export button doesn't work when I try to export monthly reports",
    status: 'open',
    priority: 'medium',
    createdBy: 'user456',
    assignedTo: null,
    tags: JSON.stringify(['reports', 'export']),
    customFields: JSON.stringify({ browser: 'Firefox 102.0', os: 'MacOS 13.4' }),
    createdAt: at('2025-05-04T14:25:00Z'),
    updatedAt: at('2025-05-04T14:25:00Z'),
  },
] satisfies (typeof tickets.$inferInsert)[]

export const COMMENTS = [
  {
    accountId: 'acct_acme',
    id: 'comment123',
    ticketId: 'ticket123',
    createdBy: 'user456',
    content: "I've tried clearing my browser cache but still having the issue.",
    isInternal: 0,
    createdAt: at('2025-05-01T10:15:00Z'),
  },
  {
    accountId: 'acct_acme',
    id: 'comment124',
    ticketId: 'ticket123',
    createdBy: 'agent789',
    content: 'Looking into this issue. Could be related to the recent deployment.',
    isInternal: 1,
    createdAt: at('2025-05-01T10:30:00Z'),
  },
] satisfies (typeof comments.$inferInsert)[]

/** The bytes are in `error_screenshot.png`. */
export const ATTACHMENT = {
  accountId: 'acct_acme',
  id: 'attach123',
  ticketId: 'ticket123',
  commentId: null,
  isInternal: 0,
  filename: 'error_screenshot.png',
  mimeType: 'image/png',
  createdAt: at('2025-05-01T09:30:00Z'),
} satisfies Omit<typeof attachments.$inferInsert, 'size' | 'sha256'>
