import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Node, Project, type SourceFile } from 'ts-morph'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

/** Files whose SQL spells tables, because it is not meant to follow the schema. */
const SPELLS_TABLES: Record<string, string> = {
  'quality/fault-injection/fault-layer.ts': 'a text that must not appear in a response',
  'quality/mutation/list/caller-verification.ts': 'the text of the trigger that it changes',
  'quality/mutation/list/triggers.ts': 'the text of the triggers that it changes',
  'quality/mutation/mutation-list.node.test.ts': 'examples of sources',
  'test/db/migrations-killed.e2e.test.ts': 'a database of an older version',
  'test/db/sql.test.ts': 'the text that is rendered',
  'test/db/table-names.node.test.ts': 'examples of sources',
  'test/http/failures.test.ts': 'a text that must not appear in a response',
  'test/scripts/load.node.test.ts': 'a database with a schema of its own',
}

const SCHEMA = [
  'src/db/search-table.ts',
  ...readdirSync(join(ROOT, 'src/db/schema')).map((name) => `src/db/schema/${name}`),
]

const nodes = new Map<SourceFile, Node[]>()
const project = new Project({ useInMemoryFileSystem: true })
const source = filesIn('src')
const others = ['bench', 'quality', 'scripts', 'test'].flatMap(filesIn)
const TABLES = new Set(source.filter((file) => SCHEMA.includes(nameOf(file))).flatMap(declaredTables))

function filesIn(folder: string): SourceFile[] {
  return globSync(`${folder}/**/*.ts`, { cwd: ROOT }).map((name) =>
    project.createSourceFile(`/${name}`, readFileSync(join(ROOT, name), 'utf8')),
  )
}

function nameOf(file: SourceFile): string {
  return file.getFilePath().slice(1)
}

/** Without tokens, which are most of what `getDescendants` returns. */
function nodesOf(file: SourceFile): Node[] {
  const found = nodes.get(file) ?? file.forEachDescendantAsArray()
  nodes.set(file, found)
  return found
}

/** The first arguments of `sqliteTable`. */
function declaredTables(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) => {
    if (!Node.isCallExpression(node) || node.getExpression().getText() !== 'sqliteTable') return []
    const [name] = node.getArguments()
    return Node.isStringLiteral(name) ? [name.getLiteralValue()] : []
  })
}

/** The text of a template tagged with `sql`, or of an argument of `sql.raw` or `alias`; a value or a column is `?`. */
function sqlOf(node: Node): string[] {
  if (Node.isTaggedTemplateExpression(node) && node.getTag().getText() === 'sql') return [textOf(node.getTemplate())]
  if (!Node.isCallExpression(node) || !['sql.raw', 'alias'].includes(node.getExpression().getText())) return []
  return node.getArguments().flatMap((argument) => [argument, ...argument.getDescendants()].map(textOf))
}

function textOf(node: Node): string {
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) return node.getLiteralText()
  if (!Node.isTemplateExpression(node)) return ''
  return [node.getHead(), ...node.getTemplateSpans().map((span) => span.getLiteral())]
    .map((part) => part.getLiteralText())
    .join('?')
}

/** Tables that a template or raw SQL names as text. String literals of SQL, such as JSON keys, do not count. */
function tablesInSql(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) =>
    sqlOf(node).flatMap((text) => {
      const names = text.replaceAll(/'[^']*'/g, "''").match(/\w+/g) ?? []
      return names.filter((name) => TABLES.has(name)).map((name) => `${location(node)}: ${name}`)
    }),
  )
}

const NAMED = /\b(?:FROM|JOIN|INTO|UPDATE)\s+["`[]?(\w+)/g

/** Tables that follow a keyword of SQL in a text, tagged or not. */
function tablesInText(file: SourceFile): string[] {
  return nodesOf(file).flatMap((node) => {
    const names = textOf(node).matchAll(NAMED)
    return [...names].flatMap(([, name = '']) => (TABLES.has(name) ? [`${location(node)}: ${name}`] : []))
  })
}

function tablesInEither(file: SourceFile): string[] {
  return [...new Set([...tablesInSql(file), ...tablesInText(file)])]
}

function location(node: Node): string {
  return `${nameOf(node.getSourceFile())}:${node.getStartLineNumber()}`
}

describe('the names of tables', () => {
  it('appear in no SQL of the source except for the schema', () => {
    expect(TABLES.size).toBeGreaterThan(20)
    expect(source.flatMap(tablesInEither)).toEqual([])
  })

  it('appear in no SQL of tests, scripts, benchmarks and quality checks except for a few files', () => {
    expect(others.length).toBeGreaterThan(300)
    expect(others.filter((file) => !(nameOf(file) in SPELLS_TABLES)).flatMap(tablesInEither)).toEqual([])
  })

  it.each(Object.keys(SPELLS_TABLES))('appear in %s, which is exempt', (name) => {
    expect(others.filter((file) => nameOf(file) === name).flatMap(tablesInEither)).not.toEqual([])
  })
})

describe('a name of a table', () => {
  const examples: Record<string, [code: string, tables: string[]]> = {
    'in a template': ['sql`SELECT id FROM tickets WHERE id = 1`', ['tickets']],
    'in a typed template': ['sql<number>`(SELECT count(*) FROM users)`', ['users']],
    'with an alias, between values': [
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text of a source
      'sql`SELECT ${a} FROM comments c JOIN events e WHERE ${b}`',
      ['comments', 'events'],
    ],
    'in raw text': ["sql.raw('users u INDEXED BY users_by_role')", ['users']],
    'of an alias': ["alias(tickets, 'tickets')", ['tickets']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text of a source
    'in a raw template': ['sql.raw(`tickets ${alias}`)', ['tickets']],
  }
  it.each(Object.entries(examples))('is found %s', (name, [code, tables]) => {
    const file = project.createSourceFile(`/example/${name}.ts`, code)
    expect(tablesInSql(file).map((found) => found.split(': ')[1])).toEqual(tables)
  })

  const texts: Record<string, [code: string, tables: string[]]> = {
    'in a read': ["db.prepare('SELECT t.id FROM tickets t JOIN users u ON u.id = t.created_by')", ['tickets', 'users']],
    'in an insert': ['const insert = `INSERT OR REPLACE INTO login_unlocks (email_key) VALUES (?)`', ['login_unlocks']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text of a source
    'in an update': ['run(`UPDATE account_state SET pace_sent = ${sent}`)', ['account_state']],
    'in a deletion': ['run(`DELETE\n FROM "webhooks"`)', ['webhooks']],
  }
  it.each(Object.entries(texts))('is found in text %s', (name, [code, tables]) => {
    const file = project.createSourceFile(`/example/${name}.ts`, code)
    expect(tablesInText(file).map((found) => found.split(': ')[1])).toEqual(tables)
  })

  it.each([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text of a source
    ['that is a constant of the schema', 'sql`SELECT ${tickets.id} FROM ${tickets}`'],
    ['that is a string of SQL', "sql`json_object('comments', 1)`"],
    ['that is part of another name', 'sql`SELECT public_comments, users_by_role`'],
    ['outside of SQL', "const field = 'comments'"],
    ['in a sentence', "const message = 'removes them from tickets'"],
  ])('is ignored if it is one %s', (name, code) => {
    expect(tablesInEither(project.createSourceFile(`/example/${name}.ts`, code))).toEqual([])
  })
})
