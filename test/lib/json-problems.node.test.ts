import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../src/lib/canonical-json'
import { isExactNumber, problemsOfJson } from '../../src/lib/json-problems'

const die = (() => {
  let state = 42
  return (sides: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * sides)
  }
})()

const digits = (count: number) => Array.from({ length: count }, () => die(10)).join('')

function randomNumber(): string {
  const whole = die(2) === 0 ? '0' : `${1 + die(9)}${digits(die(22))}`
  const fraction = die(2) === 0 ? '' : `.${digits(1 + die(22))}`
  const exponent = die(3) === 0 ? `${die(2) === 0 ? 'e' : 'E'}${['', '+', '-'][die(3)]}${die(330)}` : ''
  return `${die(2) === 0 ? '-' : ''}${whole}${fraction}${exponent}`
}

/** As an exact fraction: digits and a power of ten. */
function exact(literal: string): { value: bigint; exponent: number } {
  const [mantissa = '', exponent = '0'] = literal.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  return { value: BigInt(`${whole}${fraction}`), exponent: Number(exponent) - fraction.length }
}

function isEqual(a: string, b: string): boolean {
  const [x, y] = [exact(a), exact(b)]
  if (x.value === 0n || y.value === 0n) return x.value === y.value
  const low = Math.min(x.exponent, y.exponent)
  return x.value * 10n ** BigInt(x.exponent - low) === y.value * 10n ** BigInt(y.exponent - low)
}

describe('a JSON number', () => {
  it.each([
    '0',
    '-0',
    '0.0',
    '1',
    '0.1',
    '1.10',
    '1.0',
    '100',
    '1e2',
    '1E+2',
    '1e-7',
    '0.000001',
    '123456789012345',
    '5e-324',
    '9007199254740991',
    '-9007199254740991',
    '0.1000000000000000000000',
    '1.7976931348623157e308',
    '6.02214076e23',
    '0.30000000000000004',
    '-12.5',
  ])('%s is exact', (literal) => {
    expect(isExactNumber(literal)).toBe(true)
  })

  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '1796029680123456789',
    '123456789.123456789',
    '0.1000000000000000055',
    '1e400',
    '-1e400',
    '1e-400',
    '1.0000000000000000001',
    '9007199254740993.0',
    '2e-324',
  ])('%s is not', (literal) => {
    expect(isExactNumber(literal)).toBe(false)
  })

  it('comes back as an equal number if it is exact, and changes if it is not, unless it is an integer that is too long', () => {
    for (let index = 0; index < 20_000; index += 1) {
      const literal = randomNumber()
      const value = Number(literal)
      const isUnchanged = Number.isFinite(value) && isEqual(literal, String(value))
      const isLongInteger = /^-?\d+$/.test(literal) && !Number.isSafeInteger(value)
      expect(isExactNumber(literal), literal).toBe(isUnchanged && !isLongInteger)
    }
  })
})

describe('the problems of a JSON text', () => {
  const repeated = (...path: (string | number)[]) => ({ path, kind: 'repeated_name' })
  const inexact = (...path: (string | number)[]) => ({ path, kind: 'inexact_number' })

  it.each([
    ['{"a":1,"b":2}', []],
    ['{"a":1,"a":2}', [repeated('a')]],
    ['{"title":1,"\\u0074itle":2}', [repeated('title')]],
    ['{"a":{"b":1,"b":2}}', [repeated('a', 'b')]],
    ['{"a":{"b":1},"c":{"b":1}}', []],
    ['{"a":{"b":1},"b":2}', []],
    ['[{"a":1},{"a":1,"a":1}]', [repeated(1, 'a')]],
    ['{"a":"\\"a\\":1,\\"a\\":2"}', []],
    ['{"a":["a","a","a"]}', []],
    ['{"__proto__":1,"__proto__":2,"constructor":3}', [repeated('__proto__')]],
    ['{"":1,"":2}', [repeated('')]],
    ['{"a\\\\":1,"a\\\\":2,"a":3}', [repeated('a\\')]],
    ['{"a":[0,{"b":[1,9007199254740993]}],"c":1e400}', [inexact('a', 1, 'b', 1), inexact('c')]],
    ['{"a":"9007199254740993"}', []],
    ['{"9007199254740993":1}', []],
    ['{"a":9007199254740993,"a":1}', [inexact('a'), repeated('a')]],
    ['9007199254740993', [inexact()]],
    [' [ 1 , 9007199254740993 ] ', [inexact(1)]],
  ])('%s', (text, problems) => {
    JSON.parse(text)
    expect(problemsOfJson(text)).toEqual(problems)
  })

  it.each(['', '{', '"', '{"a', '{"\\', '}}}', ']', ',', '-', '[1,', '{"a":1,,"a"'])('of %s do not throw', (text) => {
    expect(() => problemsOfJson(text)).not.toThrow()
  })
})

describe('the canonical form', () => {
  it('is the same for the members of an object in any order, white space, escapes and forms of numbers', () => {
    const texts = [
      '{"a":{"x":1,"y":[1,2]},"b":"é","10":1,"9":2}',
      '{ "9": 2.0, "b": "\\u00e9", "10": 1e0, "a": { "y": [1, 2], "x": 1 } }',
    ]
    expect(new Set(texts.map((text) => canonicalJson(JSON.parse(text)))).size).toBe(1)
  })

  it.each([
    ['{"a":[1,2]}', '{"a":[2,1]}'],
    ['{"a":1}', '{"a":"1"}'],
    ['{"a":null}', '{}'],
    ['{"a":{}}', '{"a":[]}'],
    ['{"a":"\u0065\u0301"}', '{"a":"\u00e9"}'],
    ['{"__proto__":1}', '{}'],
  ])('differs between %s and %s', (a, b) => {
    expect(canonicalJson(JSON.parse(a))).not.toBe(canonicalJson(JSON.parse(b)))
  })
})
