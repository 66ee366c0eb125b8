import { z } from '@hono/zod-openapi'
import { ROLES } from '../core/policy'
import { users } from '../db/schema/accounts'
import { cursorOrPage, PageOrCursorPagination, PageOrCursorQuery } from '../http/pagination/cursor'
import { Email, GivenPassword, NewPassword, PASSWORD_RULE } from '../http/schemas/login-fields'
import { requireAnyField, searchText, singleLine } from '../http/schemas/request-fields'
import { idField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { EMAIL_PATTERN } from '../lib/text'
import { toWireTime } from '../lib/time'
import type { UserRow } from './queries'

export const RoleName = z.enum(ROLES).openapi('Role', {
  description: 'Role of a user or API key: `admin`, `agent` or `customer`. Customers see only their own tickets.',
})
const Status = z.enum(users.status.enumValues).openapi('UserStatus', {
  description: '`active`, or `inactive`: the user cannot log in.',
})

const Name = singleLine(100).openapi({ description: 'Name of the user, 1 to 100 characters.', example: 'Jo Ruiz' })
/** API keys have an email of the form `key_…@keys.invalid`. */
const ShownEmail = z.string().openapi({
  pattern: EMAIL_PATTERN,
  maxLength: 254,
  description: 'Email of the user. An API key has one that ends in `@keys.invalid`.',
  example: 'jane@example.com',
})
const ShownName = textField(100).openapi({ description: 'Name of the user or API key.', example: 'Jane Smith' })

export const UserRef = z
  .object({
    id: idField('user456').openapi({ description: 'ID of the user, or of the API key (`key_…`).' }),
    name: ShownName,
    email: ShownEmail,
  })
  .openapi('UserRef', { description: 'A user of the account, or an API key.' })

export const User = z
  .object({
    id: idField('user789').openapi({ description: 'ID of the user.' }),
    name: ShownName.openapi({ description: 'Name of the user.' }),
    email: ShownEmail.openapi({ description: 'Email of the user.' }),
    role: RoleName,
    status: Status,
    created_at: WireTime.openapi({ description: 'Time of creation.' }),
    last_login_at: NullableTime.openapi({ description: 'Time of the latest login; null before the first one.' }),
    email_verified: z.boolean().openapi({
      description:
        'Whether an admin or the operator entered the email. `false` if the user did: by registering or by changing it. Also ' +
        '`false` for users created before this field existed.',
      example: true,
    }),
  })
  .openapi('User', { description: 'A user of the account.' })

export const UserList = z
  .object({
    data: z.array(User).max(100).openapi({ description: 'Users of this page, oldest first.' }),
    pagination: PageOrCursorPagination,
  })
  .openapi('UserList')

export const ListUsersQuery = z
  .strictObject({
    role: RoleName.optional().openapi({ description: 'Only users with this role.' }),
    status: Status.optional().openapi({ description: 'Only users with this status.' }),
    email: Email.optional().openapi({
      description: 'Only the user with this email. The case of ASCII letters is ignored.',
    }),
    q: searchText()
      .optional()
      .openapi({
        description:
          'Only users whose name or email contains each of these words, anywhere. Case, accents and Unicode normal forms are ' +
          'ignored in every script.',
        example: 'jane',
      }),
    ...PageOrCursorQuery,
  })
  .superRefine(cursorOrPage)
export type ListUsersInput = z.infer<typeof ListUsersQuery>

export const UserResponse = z.object({ data: User }).openapi('UserResponse')

export const CreateUserBody = z
  .strictObject({
    name: Name,
    email: Email.openapi({ description: 'Unique within the account.' }),
    role: RoleName.optional().openapi({ default: 'customer', description: 'Role of the user.' }),
    password: NewPassword.optional().openapi({
      description: `Password, 8 to 128 characters. ${PASSWORD_RULE} Without a password, the user cannot log in.`,
    }),
  })
  .openapi('CreateUser')
export type CreateUserInput = z.infer<typeof CreateUserBody>

export const UpdateUserBody = z
  .strictObject({
    name: Name.optional(),
    email: Email.optional().openapi({
      description: 'New email, unique within the account. Requires `current_password` if it is your own.',
    }),
    role: RoleName.optional().openapi({ description: 'New role. Admins only.' }),
    status: Status.optional().openapi({ description: '`inactive` revokes all tokens of the user. Admins only.' }),
    current_password: GivenPassword.optional().openapi({
      description: 'Your current password. Required to change your own email, and not allowed otherwise.',
    }),
  })
  .superRefine(({ current_password, ...fields }, ctx) => requireAnyField(fields, ctx))
  .openapi('UpdateUser', { minProperties: 1 })
export type UpdateUserInput = z.infer<typeof UpdateUserBody>

export const SetPasswordBody = z.strictObject({ password: NewPassword }).openapi('SetPassword')

export const ChangePasswordBody = z
  .strictObject({
    current_password: GivenPassword.openapi({ description: 'Your current password.' }),
    new_password: NewPassword,
  })
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
    // Snapshots of earlier releases lack it.
    email_verified: row.email_verified === 1,
  }
}
