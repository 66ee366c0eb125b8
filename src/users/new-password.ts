import { detail } from '../core/error-details'
import { invalidInput } from '../core/errors'
import { asciiLower, isMatch } from '../lib/text'
import type { PublicContext } from '../service/context'

const MAX_SLUG = 64

type Field = 'password' | 'new_password'

/** Whether a password, in any case, has the form of a slug. */
export function isSlug(password: string): boolean {
  return isMatch(password, /^[a-z\d-]+$/i, MAX_SLUG)
}

/** Throws 400 for one of the 10,000 most common passwords. */
export async function rejectCommonPassword(
  { isCommonPassword }: Pick<PublicContext, 'isCommonPassword'>,
  field: Field,
  password: string,
): Promise<void> {
  if (await isCommonPassword(password))
    throw invalidPassword(field, 'must not be one of the 10,000 most common passwords')
}

/** Throws 400 for the email of the user, its local part and the slug of the account, in any case. */
export function rejectKnownPassword(field: Field, password: string, known: { email: string; slug: string }): void {
  const email = asciiLower(known.email)
  const localPart = email.slice(0, email.lastIndexOf('@'))
  if ([email, localPart, asciiLower(known.slug)].includes(asciiLower(password)))
    throw invalidPassword(field, "must not be the email, its local part or the account's slug")
}

function invalidPassword(field: Field, rule: string) {
  return invalidInput([detail([field], 'invalid_value', rule)])
}
