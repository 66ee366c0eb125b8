// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { findConditions, markConditions } from './account-conditions.ts'
import { mutatedFiles } from './apply.ts'
import { EQUIVALENT_CONDITIONS } from './equivalent-conditions.ts'
import { guardMutations } from './guards.ts'
import { MUTATIONS } from './list.ts'
import { inside, type Mutation, nameOf } from './mutation.ts'
import { PURE_MODULES } from './pure-modules.ts'
import type { Query } from './query/inside.ts'
import { Sources } from './query/sources.ts'
import { withoutCondition } from './statements.ts'

const sources = new Sources(ROOT)
const conditions = findConditions(sources)
const guards = guardMutations(sources)

describe('the mutation list', () => {
  it('has no stale entry: each matches exactly one place in the source', () => {
    const different = new Map([...MUTATIONS, ...guards].map((mutation) => [JSON.stringify(mutation.edits), mutation]))
    const reasons = [...different.values()].flatMap((mutation) => {
      try {
        mutatedFiles(sources, mutation)
        return []
      } catch (error) {
        return [`${nameOf(mutation)}: ${String(error)}`]
      }
    })
    expect(reasons).toEqual([])
  })

  it('has each mutation once, and only test files that exist', () => {
    const names = MUTATIONS.map(nameOf)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    const files = new Set(MUTATIONS.flatMap(({ tests }) => tests))
    expect([...files].filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  it('lists as equivalent only account conditions that exist', () => {
    const counts = EQUIVALENT_CONDITIONS.map(
      ({ declaration, text, nth }) =>
        conditions.filter((each) => each.declaration === declaration && each.text === text && each.nth === nth).length,
    )
    expect(counts).toEqual(EQUIVALENT_CONDITIONS.map(() => 1))
  })

  it('names existing pure modules and their tests', () => {
    expect(Object.keys(PURE_MODULES).map((name) => sources.declaration(name).isExported)).not.toContain(false)
    expect(Object.values(PURE_MODULES).filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  it('finds the account conditions and guards of the source', () => {
    expect(conditions.length).toBeGreaterThan(150)
    expect(guards.length).toBeGreaterThan(30)
  })
})

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function project(files: Record<string, string>): Sources {
  const folder = mkdtempSync(join(tmpdir(), 'mutation-list-'))
  folders.push(folder)
  for (const [file, text] of Object.entries({ 'migrations/0000_none.sql': '', ...files })) {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  return new Sources(folder)
}

function mutate(text: string, query: (it: Query) => Mutation['edits'][number]): string {
  const [mutation] = inside('find', [], (it) => [query(it)])
  if (!mutation) throw new Error('there is no mutation')
  return [...mutatedFiles(project({ 'src/a.ts': text }), mutation).values()][0] ?? ''
}

describe('a query', () => {
  const SCHEMA = "const users = sqliteTable('users', { accountId: text('account_id'), status: text('status') })\n"

  it.each([
    ['text', "const find = () => sql`SELECT 1 FROM users u WHERE u.account_id = ${a} AND u.status = 'on'`"],
    ['columns', "const find = () => sql`SELECT 1 FROM ${u} WHERE ${u.accountId} = ${a} AND ${u.status} = 'on'`"],
    [
      'columns of the table',
      "const find = () => sql`SELECT 1 FROM ${users} WHERE ${users.accountId} = ${a} AND ${users.status} = 'on'`",
    ],
  ])('finds a condition that is written with %s', (_, source) => {
    const without = mutate(SCHEMA + source, (it) => it.sqlCondition('account_id = ?').remove())
    expect(without).toContain(source.slice(source.length / 2).split('AND ')[1])
    expect(without).not.toContain('${a}')
  })

  it('does not mistake a value for a column of the same name', () => {
    const source = `${SCHEMA}const find = () => sql\`SELECT 1 WHERE id = \${caller.accountId} AND \${caller.status} = 1\``
    expect(() => mutate(source, (it) => it.sqlCondition('account_id = ?').remove())).toThrow('there are 0, not 1')
    expect(() => mutate(source, (it) => it.sqlCondition('status = 1').remove())).toThrow('there are 0, not 1')
  })

  it.each<[string, (it: Query) => Mutation['edits'][number], string]>([
    ['if (a && b()) c()', (it) => it.condition().part(1).remove(), 'if (b()) c()'],
    ['if (a && b()) c()', (it) => it.call('b').remove(), 'if (a) c()'],
    ['if (a && b && c) d()', (it) => it.operator('&&', 1, 2).part(2).remove(), 'if (a && c) d()'],
    ['if (a) b()', (it) => it.condition().negate(), 'if (!(a)) b()'],
    ['if (a) b()', (it) => it.condition().always(true), 'if (true) b()'],
    ['if (a) throw b()', (it) => it.call('b').enclosingIf().remove(), ''],
    ['if (a) b()', (it) => it.call('b').remove(), 'if (a) {}'],
    ['if (a) b(); else c()', (it) => it.condition().else().remove(), 'if (a) b();'],
    ['a(); b()', (it) => it.statement(2, 2).remove(), 'a();'],
    ['return a(b, c)', (it) => it.call('a').part(2).remove(), 'return a(b)'],
    ['return a(b, c)', (it) => it.returned().replaceWith('$2 ?? $1 ?? $0'), 'return c ?? b ?? a(b, c)'],
    ['return a.b(1).c(2)', (it) => it.call('b').unchain(), 'return a.c(2)'],
    ['return a.b(1)', (it) => it.call('b').receiver().replaceWith('$0.d'), 'return a.d.b(1)'],
    ['return { a: 1, b }', (it) => it.property('b').remove(), 'return { a: 1}'],
    ['return { a: 1, }', (it) => it.property('a').remove(), 'return {  }'],
    ['return { a: 1 }', (it) => it.property('a').value().replaceWith('2'), 'return { a: 2 }'],
    ['return [...a(), b]', (it) => it.call('a').remove(), 'return [b]'],
    ['return /a+$/', (it) => it.pattern().text('$').remove(), 'return /a+/'],
    ['return `${a}.${b}`', (it) => it.template().part(1).remove(), 'return `.${b}`'],
    ['return sql`WHERE a = ${a}`', (it) => it.sqlCondition('a = ?').remove(), 'return sql`WHERE true`'],
    ['return sql`WHERE a = 1 AND b = 2`', (it) => it.sqlCondition('a = 1').remove(), 'return sql`WHERE b = 2`'],
    ['return sql`ON a = 1 AND b.c = 2`', (it) => it.sqlCondition('c = 2').remove(), 'return sql`ON a = 1`'],
    ['return sql`ORDER BY a DESC`', (it) => it.sql('a DESC').replaceWith('b'), 'return sql`ORDER BY b`'],
  ])('changes %j', (body, query, expected) => {
    const wrapped = (text: string) => `function find(a, b, c, d, sql) { ${text} }`
    const withoutSpaces = (text: string) => text.replaceAll(/\s+/g, ' ').replaceAll(/ (?=[`};])/g, '')
    expect(withoutSpaces(mutate(wrapped(body), query))).toBe(withoutSpaces(wrapped(expected)))
  })

  it('finds a declaration wherever its file is', () => {
    const [mutation] = inside('find', [], (it) => [it.returned().always(true)])
    const text = 'export function find() { return a() }'
    for (const file of ['src/a.ts', 'src/b/c/d.ts'])
      expect([...mutatedFiles(project({ [file]: text }), mutation as Mutation).keys()]).toEqual([file])
  })

  it.each<[string, string, (it: Query) => Mutation['edits'][number], string]>([
    ['the name does not exist', 'function other() {}', (it) => it.call('a').remove(), 'no file of src declares find'],
    ['the place does not exist', 'function find() {}', (it) => it.call('a').remove(), 'there are 0, not 1'],
    ['there are two places', 'function find() { a(); a() }', (it) => it.call('a').remove(), 'there are 2, not 1'],
    [
      'the number of places changed',
      'function find() { a(); a(); a() }',
      (it) => it.call('a', 2, 2).remove(),
      'there are 3, not 2',
    ],
    [
      'it names a variable that was renamed',
      'function find(b) { return a(b) }',
      (it) => it.call('a').replaceWith('a(c)'),
      'the source has no c',
    ],
    [
      'it changes nothing',
      'function find() { return 1 }',
      (it) => it.literal(1).replaceWith('1'),
      'the mutation changes nothing',
    ],
    [
      'the result cannot be parsed',
      'function find() { return 1 }',
      (it) => it.literal(1).replaceWith('1 +'),
      'it cannot be parsed',
    ],
  ])('is stale if %s', (_, source, query, reason) => {
    expect(() => mutate(source, query)).toThrow(reason)
  })
})

describe('an account condition', () => {
  it('is marked in every form, and removed with its values in place', () => {
    const source = [
      'const find = () => sql`',
      'u.account_id = ${accountId}',
      'JOIN users u ON u.account_id = t.account_id AND u.id = t.created_by',
      '(account_id, id) IN (SELECT w.account_id, w.id FROM webhooks w)',
      'PARTITION BY w.account_id, w.id',
      'FROM accounts WHERE id = ${caller.accountId}',
      '${u.accountId} = ${accountId}`',
    ].join('\n')
    const schema = "export const users = sqliteTable('users', { accountId: text('account_id') })"
    const { text, conditions } = markConditions(project({ 'src/a.ts': source, 'src/schema.ts': schema }), 'src/a.ts')
    expect(conditions).toHaveLength(6)
    let values = 0
    const statement = text.replaceAll(/\$\{[^}]*\}/g, (value) => {
      if (value.startsWith('${u.')) return 'u.account_id'
      values += 1
      return `?${values}`
    })
    const left = conditions
      .reduce((each, { id }) => withoutCondition(each, id), statement)
      .split('\n')
      .slice(1)
    expect(left).toEqual([
      '(1 OR ?1 IS NULL)',
      'JOIN users u ON (1) AND u.id = t.created_by',
      '(id) IN (SELECT w.id FROM webhooks w)',
      'PARTITION BY w.id',
      'FROM accounts WHERE (1 OR ?2 IS NULL)',
      '(1 OR ?3 IS NULL)`',
    ])
  })
})
