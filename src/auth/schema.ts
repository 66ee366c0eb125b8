import { z } from '@hono/zod-openapi'
import { MAX_TOKEN } from '../access/tokens'
import { Email, GivenPassword, NewPassword, singleLine } from '../http/schemas/request-fields'
import { WireTime } from '../http/schemas/response-fields'
import { RoleName, UserRef } from '../users/service'

export const LoginBody = z
  .strictObject({
    email: Email,
    password: GivenPassword,
    account: singleLine(64)
      .optional()
      .openapi({ description: 'The slug of the account; needed where several know the e-mail' }),
  })
  .openapi('Login')

export const RegisterBody = z
  .strictObject({
    account: singleLine(64).openapi({ description: 'The slug of the account' }),
    name: singleLine(100),
    email: Email,
    password: NewPassword,
  })
  .openapi('Register')

export const LoginResult = z
  .object({
    token: z.string().openapi({
      maxLength: MAX_TOKEN,
      pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$',
      description: 'To be sent as `Authorization: Bearer …`',
    }),
    expires_at: WireTime,
    user: z.object({ ...UserRef.shape, role: RoleName }).openapi('LoggedInUser'),
  })
  .openapi('LoginResult')
