import { z } from '@hono/zod-openapi'
import { CursorPagination, cursorOrPage, PageOrCursorQuery } from '../http/cursor'
import { Email, GivenPassword, line, NewPassword, namesAField, searchText, WireTime } from '../http/fields'
import { Pagination } from '../http/pagination'
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

export const UserList = z
  .object({ data: z.array(User), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('UserList')

export const ListUsersQuery = z
  .strictObject({
    role: z.enum(ROLES).optional(),
    status: z.enum(STATUSES).optional(),
    email: Email.optional().openapi({ description: 'Exactly this e-mail; the case of ASCII letters does not matter' }),
    q: searchText()
      .optional()
      .openapi({ description: 'Text in the name or the e-mail; the case of ASCII letters does not matter' }),
    ...PageOrCursorQuery,
  })
  .superRefine(cursorOrPage)
export type ListUsersInput = z.infer<typeof ListUsersQuery>

export const UserAnswer = z.object({ data: User }).openapi('UserAnswer')

const Name = line(100)

export const CreateUserBody = z
  .strictObject({
    name: Name,
    email: Email,
    role: z.enum(ROLES).optional().openapi({ default: 'customer' }),
    password: NewPassword.optional().openapi({ description: 'Without one they can not log in until one is set' }),
  })
  .openapi('CreateUser', { example: { name: 'Jo Ruiz', email: 'jo@example.com', role: 'agent' } })
export type CreateUserInput = z.infer<typeof CreateUserBody>

export const UpdateUserBody = z
  .strictObject({
    name: Name.optional(),
    email: Email.optional(),
    role: z.enum(ROLES).optional(),
    status: z.enum(STATUSES).optional(),
    current_password: GivenPassword.optional().openapi({ description: 'Needed to change your own e-mail' }),
  })
  .superRefine(({ current_password, ...fields }, ctx) => namesAField(fields, ctx))
  .openapi('UpdateUser', { example: { role: 'agent' } })
export type UpdateUserInput = z.infer<typeof UpdateUserBody>

export const SetPasswordBody = z
  .strictObject({ password: NewPassword })
  .openapi('SetPassword', { example: { password: 'correct horse battery' } })

export const ChangePasswordBody = z
  .strictObject({ current_password: GivenPassword, new_password: NewPassword })
  .openapi('ChangePassword', {
    example: { current_password: 'your_password', new_password: 'correct horse battery' },
  })
export type ChangePasswordInput = z.infer<typeof ChangePasswordBody>

/** A person as they are answered, without anything of their credentials. */
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
