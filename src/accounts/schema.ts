import { z } from '@hono/zod-openapi'
import { accounts } from '../db/schema/accounts'
import { Email, NewPassword } from '../http/schemas/login-fields'
import { requireAnyField, singleLine } from '../http/schemas/request-fields'
import { idField, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { AccountRow } from './queries'

const Account = z
  .object({
    id: idField('acct_acme').openapi({ description: 'ID of the account.' }),
    name: textField(100).openapi({ description: 'Name of the account.', example: 'Acme' }),
    slug: textField(64).openapi({
      description: 'Short unique name: the `account` of a login or registration. Customers need it to register.',
      example: 'acme',
    }),
    plan: z
      .enum(accounts.plan.enumValues)
      .openapi({ description: 'Decides the limits of the account. Only the operator can change it.' }),
    allow_registration: z
      .boolean()
      .openapi({ description: 'Whether customers may register themselves.', example: true }),
    created_at: WireTime.openapi({ description: 'Time of creation.' }),
  })
  .openapi('Account', { description: 'Your account.' })

export const AccountResponse = z.object({ data: Account }).openapi('AccountResponse')

export const CreateAccountBody = z
  .strictObject({
    account_name: singleLine(100).openapi({
      description: 'Name of the account, 1 to 100 characters.',
      example: 'Initech',
    }),
    name: singleLine(100).openapi({ description: 'Name of the admin, 1 to 100 characters.', example: 'Jo Ruiz' }),
    email: Email.openapi({ description: 'Email of the admin.', example: 'jo@initech.example' }),
    password: NewPassword,
  })
  .openapi('CreateAccount')
export type CreateAccountInput = z.infer<typeof CreateAccountBody>

export const UpdateAccountBody = z
  .strictObject({
    name: singleLine(100)
      .optional()
      .openapi({ description: 'New name, 1 to 100 characters. The slug stays as it is.', example: 'Acme Ltd' }),
    allow_registration: z
      .boolean()
      .optional()
      .openapi({ description: 'Whether customers may register themselves.', example: true }),
  })
  .superRefine(requireAnyField)
  .openapi('UpdateAccount', { minProperties: 1 })
export type UpdateAccountInput = z.infer<typeof UpdateAccountBody>

export function presentAccount(row: AccountRow): z.infer<typeof Account> {
  return {
    id: row.id,
    name: row.name,
    slug: row.slug,
    plan: row.plan,
    allow_registration: row.allow_registration === 1,
    created_at: toWireTime(row.created_at),
  }
}
