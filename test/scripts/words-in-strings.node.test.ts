import { describe, expect, it } from 'vitest'
import { findBannedWordsInStrings, wordsInStrings } from '../../scripts/lib/words-in-strings.ts'

const TITLES = [
  (text: string) => `it('${text}', () => {})`,
  (text: string) => `describe('${text}', () => {})`,
  (text: string) => `it('W01 accepts', () => {})\ntest.skip('${text}', () => {})`,
  (text: string) => `it.each(table)('${text} %s', () => {})`,
  (text: string) => `describe.each([['${text}', 1]] as const)('%s', () => {})`,
  (text: string) => `it.each([['a', 1], ['${text}', 2]])('%s', () => {})`,
  (text: string) => `it.each(['a', '${text}'])('%s', () => {})`,
  (text: string) => `it(\`\${one} ${text} \${other}\`, () => {})`,
  (text: string) => `it(\`\${one} \${other} ${text}\`, () => {})`,
  (text: string) => `it(isOne ? 'a' : '${text}', () => {})`,
  (text: string) => `throw new TypeError(\`${text} \${one}\`)`,
]
const DATA = [
  (text: string) => `const a = '${text}'`,
  (text: string) => `expect(body).toEqual('${text}')`,
  (text: string) => `it('accepts', () => { send('${text}') })`,
  (text: string) => `it.each([['a', '${text}']])('%s', () => {})`,
]

const wordsIn = (file: string, text: string) => wordsInStrings(file, text).map(({ word }) => word)

describe('the check of words in strings', () => {
  it('finds a banned word in titles of tests, their tables and messages of errors', () => {
    for (const write of TITLES)
      for (const file of ['test/a.test.ts', 'test/helpers/a.ts', 'quality/a.suite.ts', 'bench/a.ts'])
        expect(wordsIn(file, write('is revoked at once')), `${file}: ${write('')}`).toEqual(['at once'])
  })

  it('finds a banned word in any string of a program in quality/ and bench/', () => {
    for (const write of [...TITLES, ...DATA])
      expect(wordsIn('quality/soak/run.ts', write('It is told')), write('')).toEqual(['told'])
  })

  it('ignores other strings of tests, which may be data', () => {
    for (const write of DATA) expect(wordsIn('test/a.test.ts', write('It is told')), write('')).toEqual([])
  })

  it('ignores comments and names, which another check reads', () => {
    expect(wordsIn('bench/a.ts', "// told\nconst told = 'ok'")).toEqual([])
  })

  it('returns the line of the word', () => {
    const text = 'const a = 1\n\nconst HELP = `Usage\n\nSent at once.`\n'
    expect(wordsInStrings('bench/a.ts', text)).toEqual([
      { file: 'bench/a.ts', line: 5, word: 'at once', text: 'Sent at once.' },
    ])
  })

  it('finds nothing in the project', () => {
    expect(findBannedWordsInStrings().map(({ file, line, word }) => `${file}:${line} ${word}`)).toEqual([])
  }, 120_000)
})
