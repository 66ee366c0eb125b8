import type { z } from '@hono/zod-openapi'
import { examplePagination } from '../http/pagination/page'
import type { User, UserList, UserRef } from './schema'

/** The users of the examples are those of the demo data. */

export const JANE: z.infer<typeof UserRef> = { id: 'user456', name: 'Jane Smith', email: 'jane@example.com' }

export const SUPPORT: z.infer<typeof UserRef> = { id: 'agent789', name: 'Support Agent', email: 'agent@example.com' }

export const JOHN: z.infer<typeof User> = {
  id: 'user789',
  name: 'John Doe',
  email: 'john@example.com',
  role: 'admin',
  status: 'active',
  created_at: '2024-12-01T00:00:00Z',
  last_login_at: '2025-05-03T08:15:00Z',
  email_verified: true,
}

export const JANE_DETAIL: z.infer<typeof User> = {
  ...JANE,
  role: 'customer',
  status: 'active',
  created_at: '2025-01-15T10:20:00Z',
  last_login_at: '2025-05-01T09:25:00Z',
  email_verified: true,
}

export const NEW_USER: z.infer<typeof User> = {
  id: 'user_01jt0v7m3zq8x5y2w9r4n6p1kc',
  name: 'Jo Ruiz',
  email: 'jo@example.com',
  role: 'agent',
  status: 'active',
  created_at: '2025-05-04T16:20:00Z',
  last_login_at: null,
  email_verified: true,
}

export const USERS: z.infer<typeof UserList> = { data: [JOHN, JANE_DETAIL], pagination: examplePagination('/users', 2) }
