import fc, { type Arbitrary } from 'fast-check'
import { EMAIL_PATTERN } from '../../src/lib/text'
import type { JsonSchema } from '../../test/helpers/openapi'

export function textOf(schema: JsonSchema): Arbitrary<string> {
  const { format, contentEncoding, pattern } = schema as { format?: string; contentEncoding?: string; pattern?: string }
  const own = pattern === EMAIL_PATTERN ? emails : FORMATS[format ?? '']
  if (own) return own
  if (contentEncoding === 'base64')
    return fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes).toString('base64'))
  return pattern === undefined ? anyText(schema) : fromPattern(schema, new RegExp(pattern, 'u'))
}

const dates = fc.date({ min: new Date('1970-01-01'), max: new Date('2099-12-31'), noInvalidDate: true })
const offset = fc.constantFrom('Z', '+00:00', '-11:30', '+14:00')

const emails = fc
  .tuple(
    fc.stringMatching(/^[a-zäöü0-9+'_-]{1,20}(\.[a-zäöü0-9+'_-]{1,5})?$/u),
    fc.constantFrom('example.com', 'exämple.de', 'a.b.c.example'),
  )
  .map((parts) => parts.join('@'))

const FORMATS: Record<string, Arbitrary<string>> = {
  date: dates.map((date) => date.toISOString().slice(0, 10)),
  'date-time': fc
    .tuple(dates, fc.constantFrom('', '.1', '.123456789'), offset)
    .map(([date, fraction, zone]) => `${date.toISOString().slice(0, 19)}${fraction}${zone}`),
  iri: fc
    .tuple(fc.constantFrom('hooks.example.com', 'exämple.com:8443', 'EXAMPLE.com'), fc.webPath())
    .map(([host, path]) => `https://${host}${path}`),
  password: fc.string({ unit: 'grapheme', minLength: 8, maxLength: 20 }),
}

/** Texts that often cause bugs: bidi marks, zero width, combining marks, case folding, escapes. */
export const UNUSUAL_TEXTS = [
  ...[
    '\u202e',
    '\u2066',
    '\u200b',
    '\ufeff',
    '\u0301',
    'İ',
    'ß',
    'ﬃ',
    '👩‍👩‍👧',
    '\u{10ffff}',
    '\ufffe',
    '\u2028',
    '\u00a0',
  ],
  ...[
    "'; DROP TABLE tickets;--",
    '%00',
    '%',
    '_',
    '*',
    '"',
    'NEAR(',
    '$(x)',
    '{{x}}',
    '../..',
    '\\',
    '<script>',
    '__proto__',
  ],
]

/** Sometimes of the minimum or maximum length. */
export function anyText({ minLength, maxLength }: JsonSchema): Arbitrary<string> {
  const [min, max] = [Number(minLength ?? 0), Number(maxLength ?? 1_000)]
  const edge = Math.min(max, 70_000)
  return fc.oneof(
    { weight: 6, arbitrary: fc.string({ unit: 'grapheme', minLength: min, maxLength: Math.min(max, 40) }) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...UNUSUAL_TEXTS), fc.string({ minLength: min, maxLength: 5 }))
        .map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: fc.constantFrom('x', 'é', '😀').map((letter) => letter.repeat(edge)) },
  )
}

function fromPattern(schema: JsonSchema, pattern: RegExp): Arbitrary<string> {
  const any = anyText(schema).filter((text) => pattern.test(text))
  const takesAnyLetters = pattern.test('Größe 漢字 😀')
  const matching = fromRegExp(pattern)
  if (!matching) return any
  return takesAnyLetters ? fc.oneof({ weight: 3, arbitrary: any }, { weight: 1, arbitrary: matching }) : matching
}

/** Null if the library does not support the pattern, such as a lookahead. */
function fromRegExp(pattern: RegExp): Arbitrary<string> | null {
  try {
    return fc.stringMatching(pattern)
  } catch {
    return null
  }
}
