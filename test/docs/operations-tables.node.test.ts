import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../scripts/admin/commands.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { tableRows } from '../helpers/node/documents.ts'

/** What docs/operations.md lists is what the code has. */

const PATH = 'docs/operations.md'
const TEXT = readFileSync(`${ROOT}${PATH}`, 'utf8')

const codeIn = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
  return words.replaceAll(' ', '-')
}

describe('docs/operations.md', () => {
  it('lists every command of npm run admin, with an example of it', () => {
    const rows = tableRows(TEXT, 'Command |')
    expect(rows.map(([usage]) => codeIn(usage)[0]?.split(' ')[0]).toSorted()).toEqual(Object.keys(COMMANDS).toSorted())
    for (const [usage, , example] of rows)
      expect(example).toMatch(new RegExp(`^\`${codeIn(usage)[0]?.split(' ')[0]}\\b`))
  })

  it('lists every failed task that is logged', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), 'utf8'))
    const logged = sources.flatMap((source) =>
      [...source.matchAll(/\b(?:logFailure|succeeds)\(\s*'([^']+)'/g)].map(([, task = '']) => task),
    )
    const listed = tableRows(TEXT, '`failed` |').flatMap(([task]) => codeIn(task))
    expect(listed.length).toBeGreaterThan(10)
    expect(listed.toSorted()).toEqual([...new Set(logged)].toSorted())
  })

  it('explains every field of the log line it shows', () => {
    const line: Record<string, unknown> = JSON.parse(/^\{"level".*$/m.exec(TEXT)?.[0] ?? '')
    const explained = tableRows(TEXT, 'Field |').flatMap(([field]) => codeIn(field))
    expect(Object.keys(line).filter((field) => !explained.includes(field))).toEqual([])
  })

  it('links to headings that exist', () => {
    const links = [...TEXT.matchAll(/\]\(([\w./-]*)#([^)\s]+)\)/g)].filter(([, path]) => !path?.startsWith('http'))
    expect(links.length).toBeGreaterThan(20)
    const missing = links.filter(([, path = '', anchor = '']) => {
      const target = path === '' ? PATH : join(dirname(PATH), path)
      const headings = [...readFileSync(`${ROOT}${target}`, 'utf8').matchAll(/^#+ (.*)$/gm)]
      return !headings.some(([, heading = '']) => anchorOf(heading) === anchor)
    })
    expect(missing.map(([link]) => link)).toEqual([])
  })
})
