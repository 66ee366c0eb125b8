import { z } from '@hono/zod-openapi'
import { Email, GivenPassword, line, NewPassword, WireTime } from '../http/fields'
import { ROLES } from '../roles'

export const LoginBody = z
  .strictObject({
    email: Email,
    password: GivenPassword,
    account: line(64)
      .optional()
      .openapi({ description: 'The slug of the account; needed where several know the e-mail' }),
  })
  .openapi('Login', { example: { email: 'user@example.com', password: 'your_password' } })

export const RegisterBody = z
  .strictObject({
    account: line(64).openapi({ description: 'The slug of the account' }),
    name: line(100),
    email: Email,
    password: NewPassword,
  })
  .openapi('Register', {
    example: { account: 'acme', name: 'Jo Ruiz', email: 'jo@example.com', password: 'correct horse battery' },
  })

export const LoginAnswer = z
  .object({
    token: z.string(),
    expires_at: WireTime,
    user: z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.enum(ROLES) }),
  })
  .openapi('LoginAnswer', {
    example: {
      token: 'eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9...',
      expires_at: '2025-06-04T12:00:00Z',
      user: { id: 'user123', name: 'John Doe', email: 'user@example.com', role: 'agent' },
    },
  })
