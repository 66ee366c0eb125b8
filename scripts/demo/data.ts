/** The examples of the API reference, and a second account that must not see them. */

export const PASSWORD = 'your_password'

const at = (text: string) => Date.parse(text)
const OPENED = at('2024-12-01T00:00:00Z')

export const ACCOUNTS = [
  { id: 'acct_acme', slug: 'acme', name: 'Acme', plan: 'standard', allow_registration: 1, created_at: OPENED },
  { id: 'acct_globex', slug: 'globex', name: 'Globex', plan: 'premium', allow_registration: 0, created_at: OPENED },
]

const userRow = (account: string, id: string, name: string, email: string, role: string, lastLogin: string | null) => ({
  account_id: account,
  id,
  kind: 'person',
  name,
  email,
  email_key: email,
  role,
  status: 'active',
  credential_generation: 1,
  created_at: OPENED,
  last_login_at: lastLogin === null ? null : at(lastLogin),
})

export const USERS = [
  userRow('acct_acme', 'user789', 'John Doe', 'john@example.com', 'admin', '2025-05-03T08:15:00Z'),
  userRow('acct_acme', 'user123', 'John Doe', 'user@example.com', 'agent', null),
  userRow('acct_acme', 'agent789', 'Support Agent', 'agent@example.com', 'agent', null),
  userRow('acct_acme', 'user456', 'Jane Smith', 'jane@example.com', 'customer', null),
  userRow('acct_globex', 'user_ada', 'Ada', 'ada@globex.example', 'admin', null),
]

export const TICKETS = [
  {
    account_id: 'acct_acme',
    id: 'ticket123',
    number: 1,
    version: 1,
    title: 'Cannot access customer dashboard',
    description: "I'm getting a 404 error when trying to access the dashboard",
    status: 'open',
    priority: 'high',
    created_by: 'user456',
    assigned_to: 'agent789',
    tags: JSON.stringify(['dashboard', 'access', 'error']),
    custom_fields: JSON.stringify({ browser: 'Chrome 112.0', os: 'Windows 11', product_area: 'Dashboard' }),
    created_at: at('2025-05-01T09:30:00Z'),
    updated_at: at('2025-05-01T09:30:00Z'),
  },
  {
    account_id: 'acct_acme',
    id: 'ticket124',
    number: 2,
    version: 1,
    title: 'Cannot export reports',
    description: "The export button doesn't work when I try to export monthly reports",
    status: 'open',
    priority: 'medium',
    created_by: 'user456',
    assigned_to: null,
    tags: JSON.stringify(['reports', 'export']),
    custom_fields: JSON.stringify({ browser: 'Firefox 102.0', os: 'MacOS 13.4' }),
    created_at: at('2025-05-04T14:25:00Z'),
    updated_at: at('2025-05-04T14:25:00Z'),
  },
]

export const COMMENTS = [
  {
    account_id: 'acct_acme',
    id: 'comment123',
    ticket_id: 'ticket123',
    created_by: 'user456',
    content: "I've tried clearing my browser cache but still having the issue.",
    is_internal: 0,
    created_at: at('2025-05-01T10:15:00Z'),
  },
  {
    account_id: 'acct_acme',
    id: 'comment124',
    ticket_id: 'ticket123',
    created_by: 'agent789',
    content: 'Looking into this issue. Could be related to the recent deployment.',
    is_internal: 1,
    created_at: at('2025-05-01T10:30:00Z'),
  },
]

/** The bytes are in `error_screenshot.png`. */
export const ATTACHMENT = {
  account_id: 'acct_acme',
  id: 'attach123',
  ticket_id: 'ticket123',
  comment_id: null,
  is_internal: 0,
  filename: 'error_screenshot.png',
  mime_type: 'image/png',
  created_at: at('2025-05-01T09:30:00Z'),
}
