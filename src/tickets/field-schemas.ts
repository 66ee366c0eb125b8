import { z } from '@hono/zod-openapi'
import { reject } from '../core/error-details'
import type { DetailCode } from '../core/errors'
import { LINE_PATTERN, TEXT_PATTERN } from '../http/schemas/patterns'
import { singleLine } from '../http/schemas/request-fields'
import { hasMoreCharacters, isCleanText, isMatch } from '../lib/text'

const MAX_TAGS = 20
const MAX_CUSTOM_FIELDS = 50
const MAX_CUSTOM_VALUE = 1_000
const MAX_KEY = 64
const KEY = /^[A-Za-z0-9_.-]{1,64}$/
const KEY_RULE = 'is not a valid name: use 1 to 64 letters, digits, dots, hyphens or underscores'
const VALUE_RULE = `must be a string of at most ${MAX_CUSTOM_VALUE.toLocaleString('en')} characters, a number or a boolean`

/** Trimmed and without duplicates, in the order of the request. */
export const Tags = z
  .array(singleLine(50))
  .max(MAX_TAGS)
  .transform((tags) => [...new Set(tags)])
  .openapi({
    type: 'array',
    items: { type: 'string', minLength: 1, maxLength: 50, pattern: LINE_PATTERN },
    maxItems: MAX_TAGS,
    description: 'At most 20 tags of 1 to 50 characters. Duplicates are removed.',
    example: ['reports', 'export'],
  })

const CustomFieldValue = z.union([z.string(), z.number(), z.boolean()])

/** The library's types do not know this keyword of JSON Schema. */
const NAMED = { propertyNames: { pattern: KEY.source } }

export const CustomFields = z
  .custom<Record<string, z.infer<typeof CustomFieldValue>>>()
  .superRefine((value, ctx) => checkFields(value, false, ctx))
  .openapi('CustomFields', {
    type: 'object',
    ...NAMED,
    additionalProperties: {
      anyOf: [
        { type: 'string', maxLength: MAX_CUSTOM_VALUE, pattern: TEXT_PATTERN },
        { type: 'number' },
        { type: 'boolean' },
      ],
    },
    maxProperties: MAX_CUSTOM_FIELDS,
    example: { browser: 'Firefox 102.0', os: 'MacOS 13.4' },
    description:
      'Your own fields, at most 50: strings of at most 1,000 characters, numbers or booleans. Names have 1 to 64 characters ' +
      '(letters, digits, `.`, `_` and `-`). A number that a double would change is an error: send long numbers, such as ' +
      '`9007199254740993`, as strings. -0 is stored as 0.',
  })

/** A merge patch (RFC 7396): null removes a field. */
export const CustomFieldsPatch = z
  .custom<Record<string, z.infer<typeof CustomFieldValue> | null>>()
  .superRefine((value, ctx) => checkFields(value, true, ctx))
  .openapi('CustomFieldsPatch', {
    type: 'object',
    ...NAMED,
    additionalProperties: {
      anyOf: [
        { type: 'string', maxLength: MAX_CUSTOM_VALUE, pattern: TEXT_PATTERN },
        { type: 'number' },
        { type: 'boolean' },
        { type: 'null' },
      ],
    },
    maxProperties: 2 * MAX_CUSTOM_FIELDS,
    example: { browser: 'Firefox 128.0', os: null },
    description:
      'Custom fields to set; null removes one, and fields that you omit are unchanged (RFC 7396). At most 100.',
  })

/** Not a zod record, which would check every field of a body that has too many, and drop `__proto__` without an error. */
function checkFields(value: unknown, isPatch: boolean, ctx: z.RefinementCtx): void {
  const limit = isPatch ? 2 * MAX_CUSTOM_FIELDS : MAX_CUSTOM_FIELDS
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    reject(ctx, 'invalid_type', 'must be an object')
  else if (Object.keys(value).length > limit) reject(ctx, 'too_many', `must have at most ${limit} fields`)
  else
    for (const [key, field] of Object.entries(value)) {
      if (!isMatch(key, KEY, MAX_KEY) || key === '__proto__') reject(ctx, 'invalid_format', KEY_RULE, [key])
      else if (!isCustomValue(field) && !(isPatch && field === null))
        reject(ctx, customValueCode(field), VALUE_RULE, [key])
    }
}

function customValueCode(value: unknown): DetailCode {
  if (typeof value !== 'string') return 'invalid_type'
  return hasMoreCharacters(value, MAX_CUSTOM_VALUE) ? 'too_long' : 'invalid_format'
}

function isCustomValue(value: unknown): boolean {
  if (typeof value === 'string') return !hasMoreCharacters(value, MAX_CUSTOM_VALUE) && isCleanText(value)
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))
}
