import { z } from '@hono/zod-openapi'
import { characters, isCleanText, isEmail, utf8Bytes } from '../lib/text'
import { parseInstant, toWireTime } from '../lib/time'

/** The kinds of fields that requests share. Each says its rule in the words a caller reads. */

const CONTROL_RULE = 'must not hold control characters or broken Unicode'

/** A line or text of 1 to `max` characters after trimming. */
export function line(max: number) {
  return z
    .string()
    .trim()
    .superRefine((value, ctx) => {
      if (!isCleanText(value)) ctx.addIssue({ code: 'custom', message: CONTROL_RULE })
      else if (value === '') ctx.addIssue({ code: 'custom', message: 'must not be empty' })
      else if (characters(value) > max)
        ctx.addIssue({ code: 'custom', message: `must be at most ${max.toLocaleString('en')} characters` })
    })
    .openapi({ minLength: 1, maxLength: max })
}

/** A text of 1 to `max` bytes of UTF-8, kept byte for byte. */
export function body(max: number) {
  return z
    .string()
    .superRefine((value, ctx) => {
      if (!isCleanText(value)) ctx.addIssue({ code: 'custom', message: CONTROL_RULE })
      else if (value === '') ctx.addIssue({ code: 'custom', message: 'must not be empty' })
      else if (utf8Bytes(value) > max)
        ctx.addIssue({ code: 'custom', message: `must be at most ${max.toLocaleString('en')} bytes` })
    })
    .openapi({ minLength: 1, maxLength: max })
}

/** The pattern of every ID of the API. */
const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

/** An ID in a body or a query. */
export function id(example: string) {
  return z.string().regex(new RegExp(ID_PATTERN), 'must be an ID').openapi({ example })
}

/** An ID in a path. One that no thing can have is simply not found, so that its form is not checked. */
export function pathId(name: string, example: string) {
  return z.string().openapi({ param: { name, in: 'path' }, pattern: ID_PATTERN, example })
}

/** A whole number in a query, in plain digits. */
export function wholeNumber(min: number, max: number, rule: string) {
  return z
    .string()
    .regex(/^\d{1,15}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule)
    .openapi({ type: 'integer', minimum: min, maximum: max })
}

/** One or several of the values in a query, with commas between them. */
export function oneOrMoreOf<const T extends string>(values: readonly T[]) {
  const Value = z.enum(values)
  return z
    .string()
    .transform((text, ctx) => {
      const parts = [...new Set(text.split(','))]
      const known = parts.flatMap((part) => Value.safeParse(part).data ?? [])
      if (known.length < parts.length) ctx.addIssue({ code: 'custom', message: `must be one of: ${values.join(', ')}` })
      return known
    })
    .openapi({ type: 'array', items: { type: 'string', enum: [...values] }, param: { style: 'form', explode: false } })
}

/** One or several IDs (or the given words) in a query, with commas between them. */
export function oneOrMoreIds(words: readonly string[], example: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}(,[A-Za-z0-9_-]{1,64}){0,49}$/, `must be IDs with commas between them, at most 50`)
    .transform((text) => [...new Set(text.split(','))])
    .openapi({
      type: 'array',
      items: { type: 'string', pattern: ID_PATTERN },
      maxItems: 50,
      example: [example],
      param: { style: 'form', explode: false },
      description: words.length > 0 ? `IDs, or ${words.map((word) => `\`${word}\``).join(' or ')}` : 'IDs',
    })
}

/** A time in a query, as milliseconds. */
export function instant() {
  return z
    .string()
    .transform((text, ctx) => {
      const value = parseInstant(text)
      if (value === null) ctx.addIssue({ code: 'custom', message: 'must be an RFC 3339 time or a date' })
      return value ?? 0
    })
    .openapi({ type: 'string', example: '2025-05-01T09:30:00Z', description: 'An RFC 3339 time, or a date' })
}

/** A search text of at most 200 characters; any text is data. */
export function searchText() {
  return z
    .string()
    .superRefine((value, ctx) => {
      if (!isCleanText(value)) ctx.addIssue({ code: 'custom', message: CONTROL_RULE })
      else if (characters(value) > 200) ctx.addIssue({ code: 'custom', message: 'must be at most 200 characters' })
    })
    .openapi({ maxLength: 200 })
}

/** A time in an answer: RFC 3339 in UTC, to the second. */
export const WireTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .openapi({ format: 'date-time', example: toWireTime(Date.UTC(2025, 4, 1, 9, 30)) })

const MAX_EMAIL = 254

/** An e-mail address, without white space around it. An empty one is told of once, as such. */
export const Email = line(MAX_EMAIL)
  .refine((email) => email === '' || isEmail(email), 'must be an e-mail address')
  .openapi({ format: 'email', example: 'user@example.com' })

/** A password of 8 to 128 characters that is to be set. */
export const NewPassword = password(8)

/** A password that is to be checked against one that was set. */
export const GivenPassword = password(1)

function password(min: number) {
  return z
    .string()
    .superRefine((value, ctx) => {
      const length = value.length > 1_000 ? value.length : characters(value)
      if (length < min || length > 128) ctx.addIssue({ code: 'custom', message: `must be ${min} to 128 characters` })
      else if (!isCleanText(value)) ctx.addIssue({ code: 'custom', message: CONTROL_RULE })
    })
    .openapi({ format: 'password', minLength: min, maxLength: 128 })
}

/** For a body whose fields are all optional: at least one must be there. Unknown ones are told of by themselves. */
export function namesAField(fields: object, ctx: z.RefinementCtx): void {
  if (Object.keys(fields).length === 0 && ctx.issues.length === 0)
    ctx.addIssue({ code: 'custom', message: 'must name at least one field' })
}
