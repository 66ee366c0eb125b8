import { z } from '@hono/zod-openapi'
import { Email, line, NewPassword, namesAField, WireTime } from '../http/fields'
import { toWireTime } from '../lib/time'
import type { AccountRow } from './queries'

const Account = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    plan: z.enum(['standard', 'premium']),
    allow_registration: z.boolean(),
    created_at: WireTime,
  })
  .openapi('Account', {
    example: {
      id: 'acct_acme',
      name: 'Acme',
      slug: 'acme',
      plan: 'standard',
      allow_registration: true,
      created_at: '2024-12-01T00:00:00Z',
    },
  })

export const AccountAnswer = z.object({ data: Account }).openapi('AccountAnswer')

export const CreateAccountBody = z
  .strictObject({ account_name: line(100), name: line(100), email: Email, password: NewPassword })
  .openapi('CreateAccount', {
    example: {
      account_name: 'Initech',
      name: 'Jo Ruiz',
      email: 'jo@initech.example',
      password: 'correct horse battery',
    },
  })
export type CreateAccountInput = z.infer<typeof CreateAccountBody>

export const UpdateAccountBody = z
  .strictObject({ name: line(100).optional(), allow_registration: z.boolean().optional() })
  .superRefine(namesAField)
  .openapi('UpdateAccount', { example: { allow_registration: true } })
export type UpdateAccountInput = z.infer<typeof UpdateAccountBody>

/** An account as it is answered; `allow_registration` is 0 or 1 in the row. */
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
