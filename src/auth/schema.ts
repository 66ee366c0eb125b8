import { z } from '@hono/zod-openapi'
import { WireTime } from '../http/answer-fields'
import { Email, GivenPassword, line, NewPassword } from '../http/fields'
import { RoleName, UserRef } from '../users/service'
import { MAX_TOKEN } from './tokens'

export const LoginBody = z
  .strictObject({
    email: Email,
    password: GivenPassword,
    account: line(64)
      .optional()
      .openapi({ description: 'The slug of the account; needed where several know the e-mail' }),
  })
  .openapi('Login')

export const RegisterBody = z
  .strictObject({
    account: line(64).openapi({ description: 'The slug of the account' }),
    name: line(100),
    email: Email,
    password: NewPassword,
  })
  .openapi('Register')

export const LoginAnswer = z
  .object({
    token: z.string().openapi({
      maxLength: MAX_TOKEN,
      pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$',
      description: 'To be sent as `Authorization: Bearer …`',
    }),
    expires_at: WireTime,
    user: z.object({ ...UserRef.shape, role: RoleName }).openapi('LoggedInUser'),
  })
  .openapi('LoginAnswer')
