import fc, { type Arbitrary } from 'fast-check'
import { EMAIL_PATTERN } from '../../src/lib/text'
import type { JsonSchema } from '../../test/helpers/openapi'
import { UNUSUAL_TEXTS } from './texts'
import { flatten, isPlaceholder, isWrong, rightValueOf } from './values'

/** Invalid values, mostly close to valid ones. */
export function wrongValueOf(schema: JsonSchema, name = ''): Arbitrary<unknown> {
  return fc.oneof(...wrongValuesOf(schema, name))
}

/** One arbitrary for each field and rule. */
export function wrongValuesOf(schema: JsonSchema, name = ''): Arbitrary<unknown>[] {
  const others = fc.constantFrom(...OTHERS)
  const isBad = (value: unknown) => value !== undefined && !isPlaceholder(value) && isWrong(value, schema)
  // A near miss may be valid; then another value is used.
  const near = nearMisses(flatten(schema), name).map((miss) =>
    fc.oneof({ weight: 20, arbitrary: miss }, { weight: 1, arbitrary: others }),
  )
  return [others, ...near].map((arbitrary) => arbitrary.filter(isBad))
}

/** Each type, and numbers beyond any column or counter. */
const OTHERS: unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    5e-324,
    '',
    ' ',
    '0',
    'true',
    'null',
    [],
    [[]],
    [null],
  ],
  ...[{}, { $ne: null }, { length: 1 }, { toString: 'x' }],
]

/** Invalid in every pattern, or in JSON. */
const BROKEN_TEXTS = ['\u0000', 'a\u0000b', '\u001b[31m', '\u007f', '\u0085', '\ud800', 'a\udc00b', '\ud83d']

function nearMisses(schema: JsonSchema, name: string): Arbitrary<unknown>[] {
  const types = [schema.type].flat()
  return [
    ...(types.includes('object') ? objects(schema) : []),
    ...(types.includes('array') ? arrays(schema) : []),
    ...(types.includes('integer') || types.includes('number') ? [numbers(schema)] : []),
    ...(types.includes('string') ? strings(schema, name) : []),
    ...branches(schema).flatMap((part) => wrongValuesOf(part, name)),
  ]
}

/** A value that is invalid for one branch may be valid for another: the caller filters those. */
function branches({ anyOf, oneOf, type }: JsonSchema): JsonSchema[] {
  return type === undefined ? ([anyOf ?? oneOf ?? []].flat() as JsonSchema[]) : []
}

function objects(schema: JsonSchema): Arbitrary<unknown>[] {
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>)
  const valid = rightValueOf(schema) as Arbitrary<Record<string, unknown>>
  const required = (schema.required ?? []) as string[]
  return [
    fc
      .tuple(valid, fc.constantFrom(...unknownNames(fields.map(([key]) => key))), fc.jsonValue({ maxDepth: 1 }))
      .map(withField),
    ...fields.flatMap(([key, part]) =>
      wrongValuesOf(part, key).map((wrong) => fc.tuple(valid, fc.constant(key), wrong).map(withField)),
    ),
    ...(required.length === 0
      ? []
      : [fc.tuple(valid, fc.constantFrom(...required)).map(([value, key]) => without(value, key))]),
    ...(fields.length === 0 ? dictionaries(schema, valid) : []),
  ]
}

function dictionaries(
  { additionalProperties, maxProperties }: JsonSchema,
  valid: Arbitrary<Record<string, unknown>>,
): Arbitrary<unknown>[] {
  const names = fc.constantFrom(
    '',
    ' ',
    'a b',
    'x'.repeat(65),
    '__proto__',
    'é',
    '$',
    "a'b",
    '\u0000',
    ...UNUSUAL_TEXTS,
  )
  const many = Object.fromEntries(
    Array.from({ length: Number(maxProperties ?? 100) + 1 }, (_, index) => [`k${index}`, true]),
  )
  return [
    fc.constant(many),
    fc.tuple(valid, names, fc.constant('x')).map(withField),
    fc.tuple(valid, fc.constant('k'), wrongValueOf(additionalProperties as JsonSchema)).map(withField),
  ]
}

/** Fields of other resources, read-only fields, and properties of every JavaScript object. */
function unknownNames(known: string[]): string[] {
  const changed = known.map((name) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`)
  return [
    ...['id', 'account_id', 'version', 'is_admin', '__proto__', 'constructor', 'toString', '', ' ', 'é'],
    ...changed,
  ].filter((name) => !known.includes(name))
}

function withField([value, key, part]: [Record<string, unknown>, string, unknown]): Record<string, unknown> {
  return Object.fromEntries([...Object.entries(value), [key, part]])
}

function without(value: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))
}

function arrays({ items, minItems, maxItems, ...rest }: JsonSchema): Arbitrary<unknown>[] {
  const valid = rightValueOf(items as JsonSchema)
  const before = fc.array(valid, { maxLength: 1 })
  const wrong = wrongValuesOf(items as JsonSchema).map((one) =>
    fc.tuple(before, one).map(([all, last]) => [...all, last]),
  )
  const tooMany = valid.map((one) => Array.from({ length: Number(maxItems) + 1 }, () => one))
  const single = rightValueOf({ ...rest, type: 'array', items, minItems, maxItems }).map(
    (value) => (value as unknown[])[0],
  )
  return [...wrong, single, ...(maxItems === undefined ? [] : [tooMany]), ...(minItems ? [fc.constant([])] : [])]
}

function numbers({ minimum, maximum }: JsonSchema): Arbitrary<unknown> {
  const [min, max] = [Number(minimum ?? 0), Number(maximum ?? 0)]
  return fc.constantFrom<unknown>(min - 1, max + 1, min + 0.5, String(min), -max, 1e308, '0x10', '1e3', ' 1 ', [min], {
    $gt: min,
  })
}

function strings(schema: JsonSchema, name: string): Arbitrary<unknown>[] {
  const { minLength, maxLength, enum: values } = schema
  const valid = rightValueOf(schema, name) as Arbitrary<string>
  const corrupted = fc
    .tuple(valid, fc.constantFrom(...BROKEN_TEXTS, ...UNUSUAL_TEXTS), fc.nat())
    .map(([text, part, at]) =>
      text === null ? part : `${text.slice(0, at % (text.length + 1))}${part}${text.slice(at % (text.length + 1))}`,
    )
  const long = Number(maxLength ?? 0)
  return [
    corrupted,
    valid.map((text) => [text]),
    fc.constantFrom(...malformed(schema)),
    ...(minLength ? [fc.constantFrom('', ' ', 'x'.repeat(Number(minLength) - 1))] : []),
    ...(long > 0 && long <= 100_000 ? [fc.constantFrom('x', '😀', '漢').map((letter) => letter.repeat(long + 1))] : []),
    ...(Array.isArray(values)
      ? [fc.constantFrom(...values).map((value) => String(value).toUpperCase()), fc.constantFrom('constructor', 'all')]
      : []),
  ]
}

function malformed({ format, pattern, contentEncoding, anyOf }: JsonSchema): string[] {
  if (contentEncoding === 'base64') return ['YQ', 'YQ=', 'YQ== ', 'Y Q=', 'YQ\n==', '-_-_', '=', 'data:;base64,YQ==']
  if (pattern === EMAIL_PATTERN)
    return ['a', '@', 'a@b', '@b.c', 'a b@c.de', 'a@b@c.de', 'a@b.c\n', '<a@b.cd>', 'a@b.c\u0000', 'a@b.c*', 'a..b@c.d']
  if (format === 'iri') return ['', 'a', '//a.b', 'https://', 'https://a b.de', '/relative', 'https://[::1', 'http:']
  if (anyOf !== undefined)
    return [
      '2025',
      '2025-02-30',
      '2025-13-01',
      '20250101',
      '1735689600',
      '2025-01-01T25:00:00Z',
      '2025-01-01 00:00:00',
      'now',
    ]
  return ['../..', '\n', '__proto__\u0000']
}
