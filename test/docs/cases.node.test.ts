import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

const document = readFileSync(`${ROOT}docs/cases.md`, 'utf8')
const documented = [...document.matchAll(/^\| ([WSCF]\d\d) \| (.+) \|$/gm)].map(([, name = '', text = '']) => ({
  name,
  text,
}))

const folder = `${ROOT}test`
const titles = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .flatMap((path) => [...readFileSync(join(folder, path), 'utf8').matchAll(/(['"`])[^\n]*?\b[WSCF]\d\d\b[^\n]*?\1/g)])
  .map(([title]) => title)

const named = new Set(
  titles.flatMap((title) => {
    const [beginning = ''] = /^.(?:[WSCF]\d\d[, ]+)+/.exec(title) ?? []
    const [end = ''] = /\([WSCF]\d\d\).$/.exec(title) ?? []
    return `${beginning}${end}`.match(/[WSCF]\d\d/g) ?? []
  }),
)

describe('docs/cases.md', () => {
  it('describes each case once, in the order of their numbers', () => {
    const numbers = { W: 22, S: 20, C: 9, F: 6 }
    const all = Object.entries(numbers).flatMap(([letter, last]) =>
      Array.from({ length: last }, (_, index) => `${letter}${String(index + 1).padStart(2, '0')}`),
    )
    expect(documented.map(({ name }) => name)).toEqual(all)
  })

  it('describes every case that a test names', () => {
    const known = new Set(documented.map(({ name }) => name))
    expect([...named].filter((name) => !known.has(name))).toEqual([])
  })

  it.each(documented)('has a test of $name, or names the script that proves it', ({ name, text }) => {
    const [, script] = /\*script\*: `npm run ([\w:]+)`/.exec(text) ?? []
    if (named.has(name)) return
    expect(Object.keys(JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')).scripts)).toContain(script)
  })
})
