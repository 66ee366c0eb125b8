import { z } from '@hono/zod-openapi'
import { searchText, WireTime } from '../http/fields'
import { PageQuery, Pagination } from '../http/pagination'
import { toWireTime } from '../lib/time'
import { ROLES } from '../roles'
import type { UserRow } from './queries'

const STATUSES = ['active', 'inactive'] as const

export const UserRef = z
  .object({ id: z.string(), name: z.string(), email: z.string() })
  .openapi('UserRef', { example: { id: 'user456', name: 'Jane Smith', email: 'jane@example.com' } })

export const User = z
  .object({
    id: z.string(),
    name: z.string(),
    email: z.string(),
    role: z.enum(ROLES),
    status: z.enum(STATUSES),
    created_at: WireTime,
    last_login_at: z.union([WireTime, z.null()]),
  })
  .openapi('User', {
    example: {
      id: 'user789',
      name: 'John Doe',
      email: 'john@example.com',
      role: 'admin',
      status: 'active',
      created_at: '2024-12-01T00:00:00Z',
      last_login_at: '2025-05-03T08:15:00Z',
    },
  })

export const UserList = z.object({ data: z.array(User), pagination: Pagination }).openapi('UserList')

export const ListUsersQuery = z.strictObject({
  role: z.enum(ROLES).optional(),
  status: z.enum(STATUSES).optional(),
  q: searchText().optional().openapi({ description: 'Text in the name or the e-mail, whatever its case' }),
  ...PageQuery,
})
export type ListUsersInput = z.infer<typeof ListUsersQuery>

export function presentUser(row: UserRow): z.infer<typeof User> {
  return {
    id: row.id,
    name: row.name,
    email: row.email,
    role: row.role,
    status: row.status,
    created_at: toWireTime(row.created_at),
    last_login_at: row.last_login_at === null ? null : toWireTime(row.last_login_at),
  }
}
