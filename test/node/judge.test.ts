// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { findConditions, marked, without } from '../judge/conditions.ts'
import { guardMutations } from '../judge/guards.ts'
import { MUTATIONS } from '../judge/mutations.ts'
import { REDUNDANT } from '../judge/redundant.ts'
import { nameOf } from '../judge/verdict.ts'

describe('the list that the tests are judged by', () => {
  it('fits the source: what a mutation takes away stands there once', () => {
    const stale = MUTATIONS.filter(({ file, text, becomes, also = [] }) => {
      const source = readFileSync(join(ROOT, file), 'utf8')
      const changes = [[text, becomes] as const, ...also]
      return changes.some(([stands, then]) => source.split(stands).length !== 2 || stands === then)
    })
    expect(stale.map(nameOf)).toEqual([])
  })

  it('names each mutation once, and tests that are there', () => {
    const names = MUTATIONS.map(nameOf)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    const files = new Set(MUTATIONS.flatMap(({ tests }) => tests))
    expect([...files].filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  it('excuses account conditions that are there, each with a reason', () => {
    const known = findConditions(ROOT)
    const stale = REDUNDANT.filter(
      ({ file, text, nth }) =>
        !known.some((each) => each.file === file && each.text === text && each.nth === (nth ?? each.nth)),
    )
    expect(stale).toEqual([])
    expect(REDUNDANT.filter(({ why }) => why.length < 20)).toEqual([])
  })

  it('finds the conditions and guards of the source', () => {
    expect(findConditions(ROOT).length).toBeGreaterThan(150)
    expect(guardMutations(ROOT).length).toBeGreaterThan(30)
  })
})

describe('an account condition', () => {
  it('is marked in every form it has, and taken away with its values in place', () => {
    const source = [
      'u.account_id = ${accountId}',
      'JOIN users u ON u.account_id = t.account_id AND u.id = t.created_by',
      '(account_id, id) IN (SELECT w.account_id, w.id FROM webhooks w)',
      'PARTITION BY w.account_id, w.id',
      'FROM accounts WHERE id = ${caller.accountId}',
    ].join('\n')
    const { text, conditions } = marked(source, 'src/a.ts')
    expect(conditions).toHaveLength(5)
    let values = 0
    const statement = text.replaceAll(/\$\{[^}]*\}/g, () => {
      values += 1
      return `?${values}`
    })
    const left = conditions.reduce((each, { id }) => without(each, id), statement).split('\n')
    expect(left).toEqual([
      '(1 OR ?1 IS NULL)',
      'JOIN users u ON (1) AND u.id = t.created_by',
      '(id) IN (SELECT w.id FROM webhooks w)',
      'PARTITION BY w.id',
      'FROM accounts WHERE (1 OR ?2 IS NULL)',
    ])
  })
})
