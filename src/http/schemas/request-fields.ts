import { z } from '@hono/zod-openapi'
import { reject } from '../../core/error-details'
import type { DetailCode } from '../../core/errors'
import { hasBidiControl, hasMoreBytes, hasMoreCharacters, hasVisibleCharacter, isCleanText } from '../../lib/text'
import { INSTANT_PATTERN, isInstantForm, MAX_INSTANT, parseInstant } from '../../lib/time'
import { ID_PATTERN, LINE_PATTERN, MAX_ID, TEXT_PATTERN } from './patterns'

// The length of a text is checked before anything else processes it.

/** What is wrong with a value, as a code and a message that follows the name of the field; null for nothing. */
export type Violation = readonly [code: DetailCode, message: string] | null
export type Check = (value: string) => Violation

export const CONTROL_CHARACTERS = ['invalid_format', 'must not contain control characters or invalid Unicode'] as const
const BIDI_CONTROLS = ['invalid_format', 'must not contain characters that change the direction of text'] as const
const INVISIBLE = ['invalid_format', 'must contain a visible character'] as const
const EMPTY = ['too_short', 'must not be empty'] as const

export function follows(check: Check) {
  return (value: string, ctx: z.RefinementCtx) => {
    const violation = check(value)
    if (violation === null) return
    const [code, message] = violation
    // `continue: false` skips the rules that were added to the field after this one.
    ctx.addIssue({ code: 'custom', message, params: { code }, continue: false })
  }
}

function tooLong(max: number, unit: 'characters' | 'bytes') {
  return ['too_long', `must be at most ${max.toLocaleString('en')} ${unit}`] as const
}

/** For all text on a single line, whatever its length. */
export function lineViolation(value: string): Violation {
  if (!isCleanText(value)) return CONTROL_CHARACTERS
  if (hasBidiControl(value)) return BIDI_CONTROLS
  return hasVisibleCharacter(value) ? null : INVISIBLE
}

export const lineCheck =
  (max: number): Check =>
  (value) => {
    if (hasMoreCharacters(value, max)) return tooLong(max, 'characters')
    return value === '' ? EMPTY : lineViolation(value)
  }

/** 1 to `max` characters after trimming, one of them visible. */
export function singleLine(max: number) {
  return z
    .string()
    .trim()
    .superRefine(follows(lineCheck(max)))
    .openapi({ minLength: 1, maxLength: max, pattern: LINE_PATTERN })
}

/** 1 to `max` bytes of UTF-8, not trimmed. */
export function multilineText(max: number) {
  return z
    .string()
    .superRefine(
      follows((value) => {
        if (hasMoreBytes(value, max)) return tooLong(max, 'bytes')
        if (!isCleanText(value)) return CONTROL_CHARACTERS
        return value === '' ? EMPTY : null
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
const ID_CHARACTERS = 'letters, digits, _ and -'

function idViolation(text: string): Violation {
  if (text === '') return EMPTY
  if (text.length > MAX_ID) return tooLong(MAX_ID, 'characters')
  return ID.test(text) ? null : ['invalid_format', `must contain only ${ID_CHARACTERS}`]
}

/** An ID in a body or a query. */
export function id(example: string) {
  return z.string().superRefine(follows(idViolation)).openapi({ maxLength: MAX_ID, pattern: ID_PATTERN, example })
}

/** An ID in a path. Its form is not checked: an invalid ID is a 404. */
export function pathId(name: `${string}_id`, example: string) {
  const description = `ID of the ${name.replace('_id', '')}.`
  return z
    .string()
    .openapi({ param: { name, in: 'path' }, maxLength: MAX_ID, pattern: ID_PATTERN, description, example })
}

const MAX_DIGITS = 16

/** A number in a query, in plain digits. */
export function wholeNumber(min: number, max: number) {
  const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `between ${min} and ${max.toLocaleString('en')}`
  return z
    .string()
    .superRefine(
      follows((text) => {
        if (!/^\d+$/.test(text.slice(0, MAX_DIGITS)))
          return ['invalid_format', 'must be a whole number in plain digits']
        const isInRange = text.length <= MAX_DIGITS && Number(text) >= min && Number(text) <= max
        return isInRange ? null : ['invalid_value', `must be ${range}`]
      }),
    )
    .transform(Number)
    .openapi({ type: 'integer', format: max > 0x7fff_ffff ? 'int64' : 'int32', minimum: min, maximum: max })
}

/** Of one parameter of a query, including repeated values. */
const MAX_VALUES = 50
const TOO_MANY_VALUES = `must have at most ${MAX_VALUES} values`

/** Comma-separated in a query. */
export function oneOrMoreOf<const T extends string>(values: readonly T[]) {
  const Value = z.enum(values)
  return z
    .string()
    .transform((text, ctx) => {
      const all = text.split(',', MAX_VALUES + 1)
      if (all.length > MAX_VALUES) reject(ctx, 'too_many', TOO_MANY_VALUES)
      const unique = [...new Set(all)]
      const known = unique.flatMap((value) => Value.safeParse(value).data ?? [])
      if (known.length < unique.length) reject(ctx, 'invalid_value', `must be one of: ${values.join(', ')}`)
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

function idsViolation(text: string): Violation {
  const ids = text.split(',', MAX_VALUES + 1)
  if (ids.length > MAX_VALUES) return ['too_many', TOO_MANY_VALUES]
  const [code] = ids.map(idViolation).find((violation) => violation !== null) ?? []
  if (code === undefined) return null
  return [code, `must be IDs of 1 to ${MAX_ID} ${ID_CHARACTERS}, separated by commas`]
}

/** Comma-separated IDs in a query, or keywords that look like IDs. */
export function oneOrMoreIds(example: string) {
  return z
    .string()
    .superRefine(follows(idsViolation))
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

function instantRule(text: string): string {
  if (isInstantForm(text)) return 'must be a time or a date that exists'
  if (isInstantForm(`${text}Z`)) return 'must end with Z or an offset such as +02:00'
  return 'must be an RFC 3339 time, such as 2025-05-01T09:30:00Z, or a date'
}

/** A time in a request, in milliseconds; a date is midnight UTC. */
export function instant() {
  return z
    .string()
    .transform((text, ctx) => {
      const value = parseInstant(text)
      if (value === null) reject(ctx, 'invalid_format', instantRule(text))
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
        if (hasMoreCharacters(value, 200)) return tooLong(200, 'characters')
        return isCleanText(value) ? null : CONTROL_CHARACTERS
      }),
    )
    .openapi({ maxLength: 200, pattern: TEXT_PATTERN, example: 'export report' })
}

/** For a body whose fields are all optional: requires one of them, unless another issue is reported already. */
export function requireAnyField(fields: object, ctx: z.RefinementCtx): void {
  if (Object.keys(fields).length === 0 && ctx.issues.length === 0)
    reject(ctx, 'required', 'must have at least one field')
}
