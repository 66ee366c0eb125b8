import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { hostileTexts } from '../helpers/node/hostile-texts.ts'
import { slowdown } from '../helpers/node/matching-time.ts'
import { findExpressions, openSource } from '../helpers/node/source-expressions.ts'
import type { Expression } from '../helpers/node/static-value.ts'

const FOUND = ['src', 'packages/client/src'].flatMap((folder) => findExpressions(openSource(`${ROOT}${folder}`), ROOT))

const EXPRESSIONS = [...Map.groupBy(FOUND, ({ source, flags }) => `/${source}/${flags}`)].map(([text, all]) => ({
  text,
  source: all[0]?.source ?? '',
  flags: all[0]?.flags ?? '',
  locations: [...new Set(all.map(({ location }) => location))].join(', '),
}))

/** The first text for which the expression takes more than linear time. */
function slowestOf(expression: Expression) {
  for (const hostile of hostileTexts(expression)) {
    const slow = slowdown(expression, hostile)
    if (slow) return { ...hostile, ...slow }
  }
  return null
}

describe('the regular expressions of the source', () => {
  it('are all found', () => {
    expect(EXPRESSIONS.length).toBeGreaterThan(80)
    for (const location of [
      'src/http/byte-ranges.ts',
      'src/lib/text.ts',
      'src/http/etag.ts',
      'packages/client/src/errors.ts',
    ])
      expect(
        FOUND.some((found) => found.location.startsWith(`${location}:`)),
        location,
      ).toBe(true)
  })

  it.each(EXPRESSIONS)('take linear time: $text in $locations', (expression) => {
    expect(slowestOf(expression)).toBeNull()
  })
})

describe('an expression that takes more than linear time', () => {
  it.each([
    ['^bytes[ \\t]*=[ \\t]*(?:(\\d+)[ \\t]*-[ \\t]*(\\d*)|-[ \\t]*(\\d+))[ \\t]*$', 'i'],
    ['(a+)+$', ''],
    ['\\s+$', ''],
    ['^(\\d+)*x', ''],
    ['^(a|a)*$', ''],
    ['^(a|aa)+$', 'u'],
    ['(x+x+)+y', ''],
    ['(.*)*$', ''],
    ['a*a*a*$', 'g'],
    ['^-+|-+$', 'g'],
    ['^\\s*(\\{\\s*\\})?\\s*$', ''],
    ['^(([a-z])+.)+[A-Z]([a-z])+$', ''],
    ['^[^\\x00]*[^\\x00\\s][^\\x00]*$', 'u'],
    ['(?<=,.*);', 's'],
  ])('is detected: /%s/%s', (source, flags) => {
    expect(slowestOf({ source, flags })).not.toBeNull()
  })
})

describe('an expression is found', () => {
  const foundIn = (files: Record<string, string>) =>
    findExpressions(openSource(files)).map(({ location, source, flags }) => `${location} /${source}/${flags}`)

  it.each([
    ['const a = /x+[/]/gi', '/x+[/]/gi'],
    ["new RegExp('^a+')", '/^a+/'],
    ["RegExp('a', 'u')", '/a/u'],
    ['new RegExp(/a/g)', '/a/g'],
    ["const A = /a+/i\nnew RegExp(A, 'g')", '/a+/g'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is a text of the source
    ["const A = '[ab]'\nconst MAX = 3\nnew RegExp(`^${A}{1,${MAX - 1}}$`)", '/^[ab]{1,2}$/'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is a text of the source
    ["const A = '^a$'\nnew RegExp(`x${A.slice(1, -1)}`)", '/xa/'],
    ["text.match('a+')", '/a+/'],
    ["export const NAME_PATTERN = 'a+'", '/a+/u'],
    ["const schema = { type: 'string', pattern: 'a+' }", '/a+/u'],
    ['const KEY = /a+/\nconst schema = { pattern: KEY.source }', '/a+/u'],
    ["documented(50, '^a+$')", '/^a+$/u'],
  ])('in %j', (text, expression) => {
    expect(foundIn({ '/a.ts': text }).map((found) => found.replace(/^\S+ /, ''))).toContain(expression)
  })

  it('in the exports of another file', () => {
    const files = { '/a.ts': "export const A = '[ab]'", '/b.ts': "import { A } from './a'\nnew RegExp(A)" }
    expect(foundIn(files)).toEqual(['b.ts:2 /[ab]/'])
  })

  it.each(['function find(a: string) {\n  return new RegExp(a)\n}', 'const schema = { pattern: patternOf(1) }'])(
    'or the test fails: %j',
    (text) => {
      expect(() => foundIn({ '/a.ts': text })).toThrow('cannot be read off the source')
    },
  )
})
