import { z } from '@hono/zod-openapi'
import {
  characters,
  EMAIL_PATTERN,
  hasMoreBytes,
  hasMoreCharacters,
  isCleanText,
  isEmail,
  isMatch,
  MAX_EMAIL,
} from '../../lib/text'
import { INSTANT_PATTERN, MAX_INSTANT, parseInstant } from '../../lib/time'
import { ID_PATTERN, LINE_PATTERN, MAX_ID, TEXT_PATTERN } from './patterns'

// The length of a text is checked before anything else processes it.

const CONTROL_RULE = 'must not hold control characters or broken Unicode'

/** Returns the message for an invalid value, or null. */
type Rule = (value: string) => string | null

export function follows(rule: Rule) {
  return (value: string, ctx: z.RefinementCtx) => {
    const message = rule(value)
    // `continue: false` skips the rules that were added to the field after this one.
    if (message !== null) ctx.addIssue({ code: 'custom', message, continue: false })
  }
}

const lineRule =
  (max: number): Rule =>
  (value) => {
    if (hasMoreCharacters(value, max)) return `must be at most ${max.toLocaleString('en')} characters`
    if (!isCleanText(value)) return CONTROL_RULE
    return value === '' ? 'must not be empty' : null
  }

/** 1 to `max` characters after trimming. */
export function singleLine(max: number) {
  return z
    .string()
    .trim()
    .superRefine(follows(lineRule(max)))
    .openapi({ minLength: 1, maxLength: max, pattern: LINE_PATTERN })
}

/** 1 to `max` bytes of UTF-8, not trimmed. */
export function multilineText(max: number) {
  return z
    .string()
    .superRefine(
      follows((value) => {
        if (hasMoreBytes(value, max)) return `must be at most ${max.toLocaleString('en')} bytes`
        if (!isCleanText(value)) return CONTROL_RULE
        return value === '' ? 'must not be empty' : null
      }),
    )
    .openapi({
      minLength: 1,
      maxLength: max,
      pattern: TEXT_PATTERN,
      description: `1 to ${max.toLocaleString('en')} bytes of UTF-8.`,
    })
}

const ID = new RegExp(ID_PATTERN)

/** An ID in a body or a query. */
export function id(example: string) {
  return z
    .string()
    .refine((text) => isMatch(text, ID, MAX_ID), 'must be an ID')
    .openapi({ maxLength: MAX_ID, pattern: ID_PATTERN, example })
}

/** An ID in a path. Its form is not checked: an invalid ID is a 404. */
export function pathId(name: `${string}_id`, example: string) {
  const description = `ID of the ${name.replace('_id', '')}.`
  return z
    .string()
    .openapi({ param: { name, in: 'path' }, maxLength: MAX_ID, pattern: ID_PATTERN, description, example })
}

/** A number in a query, in plain digits. `rule` is the message. */
export function wholeNumber(min: number, max: number, rule: string) {
  return z
    .string()
    .refine((text) => isMatch(text, /^\d{1,16}$/, 16), rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule)
    .openapi({ type: 'integer', format: max > 0x7fff_ffff ? 'int64' : 'int32', minimum: min, maximum: max })
}

/** Of one parameter of a query, including repeated values. */
const MAX_VALUES = 50

/** Comma-separated in a query. */
export function oneOrMoreOf<const T extends string>(values: readonly T[]) {
  const Value = z.enum(values)
  return z
    .string()
    .transform((text, ctx) => {
      const all = text.split(',', MAX_VALUES + 1)
      if (all.length > MAX_VALUES) ctx.addIssue({ code: 'custom', message: `must hold at most ${MAX_VALUES} values` })
      const unique = [...new Set(all)]
      const known = unique.flatMap((value) => Value.safeParse(value).data ?? [])
      if (known.length < unique.length)
        ctx.addIssue({ code: 'custom', message: `must be one of: ${values.join(', ')}` })
      return known
    })
    .openapi({
      type: 'array',
      items: { type: 'string', enum: [...values] },
      minItems: 1,
      maxItems: MAX_VALUES,
      param: { style: 'form', explode: false },
    })
}

const ID_FORM = ID_PATTERN.slice(1, -1)
const MAX_IDS = MAX_VALUES * (MAX_ID + 1)
const IDS = new RegExp(`^${ID_FORM}(,${ID_FORM}){0,${MAX_VALUES - 1}}$`)

/** Comma-separated IDs in a query, or keywords that look like IDs. */
export function oneOrMoreIds(example: string) {
  return z
    .string()
    .refine((text) => isMatch(text, IDS, MAX_IDS), `must be IDs with commas between them, at most ${MAX_VALUES}`)
    .transform((text) => [...new Set(text.split(','))])
    .openapi({
      type: 'array',
      items: { type: 'string', maxLength: MAX_ID, pattern: ID_PATTERN },
      minItems: 1,
      maxItems: MAX_VALUES,
      example: [example],
      param: { style: 'form', explode: false },
    })
}

/** For the description of every time that a request may give as a date. */
export const DATE_RULE = 'A date without a time means 00:00 UTC.'

const INSTANT = {
  type: 'string' as const,
  anyOf: [{ format: 'date-time' as const }, { format: 'date' as const }],
  pattern: INSTANT_PATTERN,
  maxLength: MAX_INSTANT,
  example: '2025-05-01T09:30:00Z',
  description: `RFC 3339 time or date. ${DATE_RULE}`,
}

/** A time in a request, in milliseconds; a date is midnight UTC. */
export function instant() {
  return z
    .string()
    .transform((text, ctx) => {
      const value = parseInstant(text)
      if (value === null) ctx.addIssue({ code: 'custom', message: 'must be an RFC 3339 time or a date' })
      return value ?? 0
    })
    .openapi(INSTANT)
}

/** At most 200 characters. No character has a special meaning. */
export function searchText() {
  return z
    .string()
    .superRefine(
      follows((value) => {
        if (hasMoreCharacters(value, 200)) return 'must be at most 200 characters'
        return isCleanText(value) ? null : CONTROL_RULE
      }),
    )
    .openapi({ maxLength: 200, pattern: TEXT_PATTERN, example: 'export report' })
}

const emailRule: Rule = (value) => (isEmail(value) ? null : 'must be an e-mail address')

export const Email = z
  .string()
  .trim()
  .superRefine(follows((value) => lineRule(MAX_EMAIL)(value) ?? emailRule(value)))
  .openapi({ minLength: 1, maxLength: MAX_EMAIL, pattern: EMAIL_PATTERN, example: 'user@example.com' })

export const NewPassword = password(8).openapi({
  description: 'New password, 8 to 128 characters.',
  example: 'correct horse battery',
})

/** For a password to verify: also one that was set under earlier rules. */
export const GivenPassword = password(1).openapi({ description: 'Current password.', example: 'your_password' })

function password(min: number) {
  return z
    .string()
    .superRefine(
      follows((value) => {
        if (hasMoreCharacters(value, 128) || characters(value) < min) return `must be ${min} to 128 characters`
        return isCleanText(value) ? null : CONTROL_RULE
      }),
    )
    .openapi({ format: 'password', minLength: min, maxLength: 128, pattern: TEXT_PATTERN })
}

/** For a body whose fields are all optional: requires one of them, unless another issue is reported already. */
export function requireAnyField(fields: object, ctx: z.RefinementCtx): void {
  if (Object.keys(fields).length === 0 && ctx.issues.length === 0)
    ctx.addIssue({ code: 'custom', message: 'must name at least one field' })
}
