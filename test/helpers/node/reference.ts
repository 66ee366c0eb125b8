/** Responses of the API reference, unchanged. Each test names the values that are placeholders. */

export const JANE = { id: 'user456', name: 'Jane Smith', email: 'jane@example.com' }
export const AGENT = { id: 'agent789', name: 'Support Agent', email: 'agent@example.com' }

export const LOGIN = {
  token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...',
  expires_at: '2025-06-04T12:00:00Z',
  user: { id: 'user123', name: 'John Doe', email: 'user@example.com', role: 'agent' },
}

export const TICKET_LIST_ITEM = {
  id: 'ticket123',
  title: 'Cannot access customer dashboard',
  description: "I'm getting a 404 error when trying to access the dashboard",
  status: 'open',
  priority: 'high',
  created_at: '2025-05-01T09:30:00Z',
  updated_at: '2025-05-01T09:30:00Z',
  created_by: JANE,
  assigned_to: AGENT,
  tags: ['dashboard', 'access', 'error'],
}

export const TICKET = {
  ...TICKET_LIST_ITEM,
  comments: [
    {
      id: 'comment123',
      content: "I've tried clearing my browser cache but still having the issue.",
      created_at: '2025-05-01T10:15:00Z',
      created_by: JANE,
      is_internal: false,
    },
    {
      id: 'comment124',
      content: 'Looking into this issue. Could be related to the recent deployment.',
      created_at: '2025-05-01T10:30:00Z',
      created_by: AGENT,
      is_internal: true,
    },
  ],
  attachments: [
    {
      id: 'attach123',
      filename: 'error_screenshot.png',
      size: 258940,
      mime_type: 'image/png',
      url: 'https://api.example.com/files/error_screenshot.png',
      created_at: '2025-05-01T09:30:00Z',
    },
  ],
  custom_fields: { browser: 'Chrome 112.0', os: 'Windows 11', product_area: 'Dashboard' },
}

export const CREATE_TICKET = {
  title: 'Cannot export reports',
  description: "The export button doesn't work when I try to export monthly reports",
  priority: 'medium',
  tags: ['reports', 'export'],
  custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
  attachments: [{ filename: 'error_log.txt', content: 'base64_encoded_content...', mime_type: 'text/plain' }],
}

export const CREATED_TICKET = {
  id: 'ticket124',
  title: 'Cannot export reports',
  description: "The export button doesn't work when I try to export monthly reports",
  status: 'open',
  priority: 'medium',
  created_at: '2025-05-04T14:25:00Z',
  updated_at: '2025-05-04T14:25:00Z',
  created_by: JANE,
  assigned_to: null,
  tags: ['reports', 'export'],
  custom_fields: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
}

export const UPDATE_TICKET = { status: 'in_progress', priority: 'high', assigned_to: 'agent789' }

export const UPDATED_TICKET = {
  ...TICKET_LIST_ITEM,
  status: 'in_progress',
  updated_at: '2025-05-04T15:10:00Z',
}

export const CREATE_COMMENT = {
  content: "I've checked the server logs and found the issue.",
  is_internal: true,
  attachments: [{ filename: 'server_logs.txt', content: 'base64_encoded_content...', mime_type: 'text/plain' }],
}

export const CREATED_COMMENT = {
  id: 'comment125',
  content: "I've checked the server logs and found the issue.",
  created_at: '2025-05-04T16:05:00Z',
  created_by: AGENT,
  is_internal: true,
  attachments: [
    {
      id: 'attach124',
      filename: 'server_logs.txt',
      size: 15240,
      mime_type: 'text/plain',
      url: 'https://api.example.com/files/server_logs.txt',
      created_at: '2025-05-04T16:05:00Z',
    },
  ],
}

export const LISTED_USER = {
  id: 'user789',
  name: 'John Doe',
  email: 'john@example.com',
  role: 'admin',
  status: 'active',
  created_at: '2024-12-01T00:00:00Z',
  last_login_at: '2025-05-03T08:15:00Z',
}

export const ERROR = {
  error: {
    code: 'invalid_input',
    message: 'The request data is invalid',
    details: [{ field: 'priority', message: 'Priority must be one of: low, medium, high, critical' }],
  },
}

export const STATUS_CHANGED = {
  event: 'ticket.status_changed',
  timestamp: '2025-05-04T16:30:00Z',
  data: {
    ticket: {
      id: 'ticket123',
      title: 'Cannot access customer dashboard',
      status: { previous: 'open', current: 'in_progress' },
      updated_by: AGENT,
    },
  },
}

export const PAGINATION = {
  total: 243,
  per_page: 20,
  current_page: 1,
  last_page: 13,
  next_page_url: '/api/v1/tickets?page=2',
  prev_page_url: null,
}

/**
 * Reports missing keys, other types, and other values except at the paths in `substitutions`. Additional keys are
 * allowed.
 */
export function differences(actual: unknown, reference: unknown, substitutions: string[], path = ''): string[] {
  if (typeof reference === 'object' && reference !== null) {
    if (typeof actual !== 'object' || actual === null || Array.isArray(actual) !== Array.isArray(reference))
      return [`${path}: ${JSON.stringify(actual)} is of another type`]
    const members = new Map(Object.entries(actual))
    return Object.entries(reference).flatMap(([key, expected]) =>
      members.has(key)
        ? differences(members.get(key), expected, substitutions, path ? `${path}.${key}` : key)
        : [`${path}.${key} is missing`],
    )
  }
  if (substitutions.includes(path)) return typeof actual === typeof reference ? [] : [`${path} is of another type`]
  return actual === reference ? [] : [`${path}: ${JSON.stringify(actual)} instead of ${JSON.stringify(reference)}`]
}
