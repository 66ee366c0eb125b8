import { z } from '@hono/zod-openapi'
import { ROLES } from '../core/policy'
import { users } from '../db/schema/accounts'
import { CursorPagination, cursorOrPage, PageOrCursorQuery } from '../http/pagination/cursor'
import { Pagination } from '../http/pagination/page'
import { Email, GivenPassword, NewPassword, namesAField, searchText, singleLine } from '../http/schemas/request-fields'
import { idField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { EMAIL_PATTERN } from '../lib/text'
import { toWireTime } from '../lib/time'
import type { UserRow } from './queries'

export const RoleName = z.enum(ROLES).openapi('Role')
const Status = z.enum(users.status.enumValues).openapi('UserStatus')

const Name = singleLine(100)
/** API keys have an email of the form `key_…@keys.invalid`. */
const ShownEmail = z.string().openapi({ pattern: EMAIL_PATTERN, maxLength: 254, example: 'jane@example.com' })

export const UserRef = z
  .object({ id: idField('user456'), name: textField(100), email: ShownEmail })
  .openapi('UserRef', { description: 'Somebody of the account, or an API key (`key_…`)' })

export const User = z
  .object({
    id: idField('user789'),
    name: textField(100),
    email: ShownEmail,
    role: RoleName,
    status: Status,
    created_at: WireTime,
    last_login_at: NullableTime,
  })
  .openapi('User')

export const UserList = z
  .object({ data: z.array(User).max(100), pagination: z.union([Pagination, CursorPagination]) })
  .openapi('UserList')

export const ListUsersQuery = z
  .strictObject({
    role: RoleName.optional(),
    status: Status.optional(),
    email: Email.optional().openapi({ description: 'Exactly this e-mail; the case of ASCII letters does not matter' }),
    q: searchText()
      .optional()
      .openapi({ description: 'Text in the name or the e-mail; the case of ASCII letters does not matter' }),
    ...PageOrCursorQuery,
  })
  .superRefine(cursorOrPage)
export type ListUsersInput = z.infer<typeof ListUsersQuery>

export const UserResponse = z.object({ data: User }).openapi('UserResponse')

export const CreateUserBody = z
  .strictObject({
    name: Name,
    email: Email,
    role: RoleName.optional().openapi({ default: 'customer' }),
    password: NewPassword.optional().openapi({ description: 'Without one they can not log in until one is set' }),
  })
  .openapi('CreateUser')
export type CreateUserInput = z.infer<typeof CreateUserBody>

export const UpdateUserBody = z
  .strictObject({
    name: Name.optional(),
    email: Email.optional(),
    role: RoleName.optional(),
    status: Status.optional(),
    current_password: GivenPassword.optional().openapi({
      description: 'Needed to change your own e-mail; refused beside any other change, and by itself',
    }),
  })
  .superRefine(({ current_password, ...fields }, ctx) => namesAField(fields, ctx))
  .openapi('UpdateUser', { minProperties: 1 })
export type UpdateUserInput = z.infer<typeof UpdateUserBody>

export const SetPasswordBody = z.strictObject({ password: NewPassword }).openapi('SetPassword')

export const ChangePasswordBody = z
  .strictObject({ current_password: GivenPassword, new_password: NewPassword })
  .openapi('ChangePassword')
export type ChangePasswordInput = z.infer<typeof ChangePasswordBody>

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
