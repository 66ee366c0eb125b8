import { z } from '@hono/zod-openapi'
import { accounts } from '../db/schema/accounts'
import { Email, NewPassword, namesAField, singleLine } from '../http/schemas/request-fields'
import { idField, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { AccountRow } from './queries'

const Account = z
  .object({
    id: idField('acct_acme'),
    name: textField(100),
    slug: textField(64).openapi({ description: 'What `account` is at a login and a registration', example: 'acme' }),
    plan: z.enum(accounts.plan.enumValues),
    allow_registration: z.boolean().openapi({ description: 'Whether customers may join by themselves' }),
    created_at: WireTime,
  })
  .openapi('Account')

export const AccountResponse = z.object({ data: Account }).openapi('AccountResponse')

export const CreateAccountBody = z
  .strictObject({ account_name: singleLine(100), name: singleLine(100), email: Email, password: NewPassword })
  .openapi('CreateAccount')
export type CreateAccountInput = z.infer<typeof CreateAccountBody>

export const UpdateAccountBody = z
  .strictObject({ name: singleLine(100).optional(), allow_registration: z.boolean().optional() })
  .superRefine(namesAField)
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
