import { z } from '@hono/zod-openapi'
import { MAX_TOKEN } from '../access/tokens'
import { Email, GivenPassword, NewPassword } from '../http/schemas/login-fields'
import { singleLine } from '../http/schemas/request-fields'
import { WireTime } from '../http/schemas/response-fields'
import { RoleName, User } from '../users/service'

export const LoginBody = z
  .strictObject({
    email: Email.openapi({ description: 'Email of the user. The case of ASCII letters is ignored.' }),
    password: GivenPassword.openapi({ description: 'Password of the user.' }),
    account: singleLine(64).optional().openapi({
      description: 'Slug of the account. Always send it: the email can also belong to users of other accounts.',
      example: 'acme',
    }),
  })
  .openapi('Login')

export const RegisterBody = z
  .strictObject({
    account: singleLine(64).openapi({ description: 'Slug of the account.', example: 'acme' }),
    name: singleLine(100).openapi({ description: 'Name, 1 to 100 characters.', example: 'Jo Ruiz' }),
    email: Email.openapi({ description: 'Unique within the account.', example: 'jo@example.com' }),
    password: NewPassword,
  })
  .openapi('Register')

/** An example that no deployment accepts. */
export const EXAMPLE_TOKEN =
  'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ1c2VyMTIzIn0.6iRZ3uQ8c2nV0yTqk1mXl5sWb7pHd9aJfGxEoKzUtNs'

export const LoginResult = z
  .object({
    token: z.string().openapi({
      maxLength: MAX_TOKEN,
      pattern: '^[\\w-]+\\.[\\w-]+\\.[\\w-]+$',
      description: 'Send it as `Authorization: Bearer …`.',
      example: EXAMPLE_TOKEN,
    }),
    expires_at: WireTime.openapi({ description: 'Time at which the token expires.' }),
    user: z
      .object({ id: User.shape.id, name: User.shape.name, email: User.shape.email, role: RoleName })
      .openapi('LoggedInUser', { description: 'The user that the token belongs to.' }),
  })
  .openapi('LoginResult')
