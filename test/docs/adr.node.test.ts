import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

const FOLDER = `${ROOT}docs/adr/`
const RECORDS = globSync('*.md', { cwd: FOLDER })
  .filter((name) => name !== 'README.md')
  .sort()
const FORM =
  /^# (?<number>\d{4})\. (?<title>[^\n]+)\n\n- Status: (?<status>accepted|superseded)[^\n]*\n- Date: (?<date>\d{4}-\d\d-\d\d(?:, revised \d{4}-\d\d-\d\d)?)\n\n## Context\n\n.+\n\n## Decision\n\n.+\n\n## Consequences\n\n.+\n$/s

const read = (name: string) => readFileSync(FOLDER + name, 'utf8')

describe('the architecture decision records', () => {
  it('are numbered without gaps', () => {
    const numbers = RECORDS.map((name) => name.slice(0, 5))
    expect(numbers).toEqual(RECORDS.map((_, index) => `${String(index + 1).padStart(4, '0')}-`))
  })

  it.each(RECORDS)('have a status, a date, context, decision and consequences: %s', (name) => {
    const { number } = FORM.exec(read(name))?.groups ?? {}
    expect(number).toBe(name.slice(0, 4))
  })

  it('are listed in README.md with their titles, status and dates', () => {
    const rows = RECORDS.map((name) => {
      const { number, title, status, date } = FORM.exec(read(name))?.groups ?? {}
      return `| [${number}](${name}) | ${title} | ${status} | ${date} |`
    })
    const listed = read('README.md')
      .split('\n')
      .filter((line) => line.startsWith('| ['))
    expect(listed).toEqual(rows)
  })
})
