import { z } from '@hono/zod-openapi'
import { line, WireTime } from '../http/fields'
import { isCleanText } from '../lib/text'
import { ROLES } from '../roles'

const MAX_EMAIL = 254

/** An e-mail address as it is sent, without white space around it. */
export const Email = line(MAX_EMAIL)
  .refine((email) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email), 'must be an e-mail address')
  .openapi({ format: 'email', example: 'user@example.com' })

export const LoginBody = z
  .strictObject({
    email: Email,
    password: z
      .string()
      .refine((value) => value.length > 0 && value.length <= 512, 'must be 1 to 128 characters')
      .refine(isCleanText, 'must not hold control characters or broken Unicode')
      .openapi({ format: 'password', minLength: 1, maxLength: 128 }),
    account: line(64)
      .optional()
      .openapi({ description: 'The slug of the account; needed where several know the e-mail' }),
  })
  .openapi('Login', { example: { email: 'user@example.com', password: 'your_password' } })

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
