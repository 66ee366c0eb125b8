import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Node, Project, type SourceFile } from 'ts-morph'
import { describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'

const SOURCE = join(ROOT, 'src')
const project = new Project({ useInMemoryFileSystem: true })
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => project.createSourceFile(`/${name}`, readFileSync(join(SOURCE, name), 'utf8')))
const TABLES = new Set(files.flatMap(declaredTables))

/** The first arguments of `sqliteTable`. */
function declaredTables(file: SourceFile): string[] {
  return file.getDescendants().flatMap((node) => {
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

/** Tables that a file names as text. String literals of SQL, such as JSON keys, do not count. */
function spelledTables(file: SourceFile): string[] {
  return file.getDescendants().flatMap((node) =>
    sqlOf(node).flatMap((text) => {
      const names = text.replaceAll(/'[^']*'/g, "''").match(/\w+/g) ?? []
      return names.filter((name) => TABLES.has(name)).map((name) => `${location(node)}: ${name}`)
    }),
  )
}

function location(node: Node): string {
  return `src${node.getSourceFile().getFilePath()}:${node.getStartLineNumber()}`
}

describe('the names of tables', () => {
  it('appear in no SQL of the source except for the schema', () => {
    expect(TABLES.size).toBeGreaterThan(20)
    expect(files.flatMap(spelledTables)).toEqual([])
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
    expect(spelledTables(file).map((found) => found.split(': ')[1])).toEqual(tables)
  })

  it.each([
    // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the text of a source
    ['that is a constant of the schema', 'sql`SELECT ${tickets.id} FROM ${tickets}`'],
    ['that is a string of SQL', "sql`json_object('comments', 1)`"],
    ['that is part of another name', 'sql`SELECT public_comments, users_by_role`'],
    ['outside of SQL', "const field = 'comments'"],
  ])('is ignored if it is one %s', (name, code) => {
    expect(spelledTables(project.createSourceFile(`/example/${name}.ts`, code))).toEqual([])
  })
})
