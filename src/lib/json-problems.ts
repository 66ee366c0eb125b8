import { endOfString } from './json-size'

export interface JsonProblem {
  path: (string | number)[]
  kind: 'repeated_name' | 'inexact_number'
}

const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y

type Container =
  | { kind: 'array'; key: number }
  | { kind: 'object'; key: string; names: Set<string>; expectsName: boolean }

/**
 * What `JSON.parse` would change without an error: it keeps the last of members with one name (RFC 7493, section 2.3), and rounds
 * numbers to doubles (section 2.2). Reads the text once. Of a text that is not JSON, the result means nothing.
 */
export function problemsOfJson(text: string): JsonProblem[] {
  const problems: JsonProblem[] = []
  const open: Container[] = []
  const report = (kind: JsonProblem['kind']) => problems.push({ path: open.map(({ key }) => key), kind })
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index)
    const container = open.at(-1)
    if (char === QUOTE) {
      const end = endOfString(text, index)
      if (container?.kind === 'object' && container.expectsName) {
        container.key = nameIn(text.slice(index, end + 1))
        container.expectsName = false
        if (container.names.has(container.key)) report('repeated_name')
        container.names.add(container.key)
      }
      index = end
    } else if (char === MINUS || (char >= ZERO && char <= NINE)) {
      NUMBER.lastIndex = index
      const literal = NUMBER.exec(text)?.[0] ?? '-'
      if (!isExactNumber(literal)) report('inexact_number')
      index += literal.length - 1
    } else if (char === OPEN_OBJECT) open.push({ kind: 'object', key: '', names: new Set(), expectsName: true })
    else if (char === OPEN_ARRAY) open.push({ kind: 'array', key: 0 })
    else if (char === CLOSE_OBJECT || char === CLOSE_ARRAY) open.pop()
    else if (char === COMMA && container?.kind === 'array') container.key += 1
    else if (char === COMMA && container?.kind === 'object') container.expectsName = true
  }
  return problems
}

function nameIn(quoted: string): string {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    return String(JSON.parse(quoted))
  } catch {
    return quoted
  }
}

/** Fewer significant digits always survive as a double, unless an exponent makes the number too large or too small. */
const SAFE_LENGTH = 15
const SHORT = /^[^eE]{1,15}$/
const INTEGER = /^-?\d+$/

/**
 * Whether a JSON number is the shortest form of the double that it is read as, except for leading and trailing zeros, the sign of zero
 * and the way its exponent is written. Integers must be within ±(2^53 - 1): beyond, several are read as one double.
 */
export function isExactNumber(literal: string): boolean {
  if (literal.length <= SAFE_LENGTH && SHORT.test(literal)) return true
  const value = Number(literal)
  if (INTEGER.test(literal)) return Number.isSafeInteger(value)
  return normalized(literal) === normalized(String(value))
}

/** The digits without zeros at both ends and the exponent of the last digit, such as `-12e-1`. */
function normalized(literal: string): string {
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = withoutTrailingZeros(digits)
  if (significant === '') return '0'
  const last = Number(exponent) - fraction.length + (digits.length - significant.length)
  return `${mantissa.startsWith('-') ? '-' : ''}${significant}e${last}`
}

function withoutTrailingZeros(digits: string): string {
  let end = digits.length
  while (digits.charCodeAt(end - 1) === ZERO) end -= 1
  return digits.slice(0, end)
}
