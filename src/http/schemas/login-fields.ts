import { z } from '@hono/zod-openapi'
import { characters, EMAIL_PATTERN, hasMoreCharacters, isCleanText, isEmail, MAX_EMAIL } from '../../lib/text'
import { TEXT_PATTERN } from './patterns'
import { type Check, CONTROL_CHARACTERS, follows, lineCheck } from './request-fields'

const emailCheck: Check = (value) => (isEmail(value) ? null : ['invalid_format', 'must be a valid email address'])

export const Email = z
  .string()
  .trim()
  .superRefine(follows((value) => lineCheck(MAX_EMAIL)(value) ?? emailCheck(value)))
  .openapi({ minLength: 1, maxLength: MAX_EMAIL, pattern: EMAIL_PATTERN, example: 'user@example.com' })

/** For the description of every new password. */
export const PASSWORD_RULE =
  "Not one of the 10,000 most common passwords, not the user's email or its local part, and not the account's slug."

export const NewPassword = password(8).openapi({
  description: `New password, 8 to 128 characters. ${PASSWORD_RULE}`,
  example: 'correct horse battery',
})

/** For a password to verify: also one that was set under earlier rules. */
export const GivenPassword = password(1).openapi({ description: 'Current password.', example: 'your_password' })

function password(min: number) {
  const length = `must be ${min} to 128 characters`
  return z
    .string()
    .superRefine(
      follows((value) => {
        if (hasMoreCharacters(value, 128)) return ['too_long', length]
        if (characters(value) < min) return ['too_short', length]
        return isCleanText(value) ? null : CONTROL_CHARACTERS
      }),
    )
    .openapi({ format: 'password', minLength: min, maxLength: 128, pattern: TEXT_PATTERN })
}
