import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ts } from 'ts-morph'
import { Schema } from './schema.ts'

/** A query that finds no place, or several, in the source as it is. */
export class StaleError extends Error {}

export interface Declaration {
  file: string
  node: ts.Node
  isExported: boolean
}

/** The client is a package of its own, with names of its own. */
const isOutside = (name: string) => name.startsWith('client/')

/** The source files of a project as syntax trees, and what they declare. Nothing is type-checked. */
export class Sources {
  readonly files = new Map<string, ts.SourceFile>()
  readonly schema: Schema
  private readonly migrations = new Map<string, string>()
  private readonly declarations = new Map<string, Declaration[]>()
  private knownRoutes: ReturnType<Sources['routes']> | undefined

  constructor(root: string) {
    for (const name of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).toSorted())
      if (name.endsWith('.ts') && !isOutside(name))
        this.files.set(`src/${name}`, parse(`src/${name}`, readFileSync(join(root, 'src', name), 'utf8')))
    for (const name of readdirSync(join(root, 'migrations')).toSorted())
      if (name.endsWith('.sql'))
        this.migrations.set(`migrations/${name}`, readFileSync(join(root, 'migrations', name), 'utf8'))
    for (const [file, source] of this.files) for (const statement of source.statements) this.collect(file, statement)
    this.schema = new Schema([...this.files.values()])
  }

  /**
   * The declaration of a name, wherever it is: `findTicket`, `RateLimiter.identify` of a class, or, where several files
   * have a function of that name, `signFileUrl/mac`: the `mac` of the file that exports `signFileUrl`.
   */
  declaration(path: string): Declaration {
    const [first = '', second] = path.split('/')
    const owner = this.only(first, this.declarations.get(first) ?? [])
    if (second === undefined) return owner
    const own = (this.declarations.get(second) ?? []).filter(({ file }) => file === owner.file)
    return this.only(path, own)
  }

  /** The definition of the route of an operation: the object with this `operationId`. */
  route(operation: string): { file: string; node: ts.ObjectLiteralExpression } {
    const [route, ...others] = this.routes().filter((each) => each.operation === operation)
    if (!route || others.length > 0) throw new StaleError(`there is not one route of ${operation}`)
    return route
  }

  routes(): { operation: string; file: string; node: ts.ObjectLiteralExpression }[] {
    this.knownRoutes ??= [...this.files].flatMap(([file, source]) =>
      source.text.includes('operationId: ')
        ? objectsIn(source).flatMap((node) => {
            const operation = stringProperty(node, 'operationId')
            return operation === undefined ? [] : [{ operation, file, node }]
          })
        : [],
    )
    return this.knownRoutes
  }

  /** The last migration that creates a trigger, and where in it the trigger's text is. */
  trigger(name: string): { file: string; text: string; start: number } {
    for (const [file, text] of [...this.migrations].toReversed()) {
      const created = new RegExp(`CREATE TRIGGER \`${name}\`[\\s\\S]*?\\nEND;`).exec(text)
      if (created) return { file, text: created[0], start: created.index }
    }
    throw new StaleError(`no migration creates the trigger ${name}`)
  }

  text(file: string): string {
    const text = this.files.get(file)?.text ?? this.migrations.get(file)
    if (text === undefined) throw new StaleError(`there is no file ${file}`)
    return text
  }

  private only(name: string, found: Declaration[]): Declaration {
    const exported = found.filter(({ isExported }) => isExported)
    const [declaration, ...others] = exported.length > 0 ? exported : found
    if (!declaration) throw new StaleError(`no file of src declares ${name}`)
    if (others.length > 0)
      throw new StaleError(`several files declare ${name}: ${found.map(({ file }) => file).join(', ')}`)
    return declaration
  }

  private collect(file: string, statement: ts.Statement): void {
    const isExported =
      ts.canHaveModifiers(statement) &&
      (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
    const add = (name: string, node: ts.Node) => {
      const known = this.declarations.get(name) ?? []
      this.declarations.set(name, [...known, { file, node, isExported }])
    }
    if (ts.isFunctionDeclaration(statement) && statement.name) add(statement.name.text, statement)
    if (ts.isVariableStatement(statement))
      for (const declaration of statement.declarationList.declarations)
        if (ts.isIdentifier(declaration.name)) add(declaration.name.text, declaration)
    if (ts.isClassDeclaration(statement) && statement.name) {
      add(statement.name.text, statement)
      for (const member of statement.members)
        if (member.name && ts.isIdentifier(member.name)) add(`${statement.name.text}.${member.name.text}`, member)
    }
  }
}

export function parse(file: string, text: string): ts.SourceFile {
  return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
}

function objectsIn(root: ts.Node): ts.ObjectLiteralExpression[] {
  const found: ts.ObjectLiteralExpression[] = []
  const visit = (node: ts.Node) => {
    if (ts.isObjectLiteralExpression(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(root)
  return found
}

/** The initializer of a property of an object. */
export function propertyOf(node: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = node.properties.find((each) => each.name?.getText() === name)
  return property && ts.isPropertyAssignment(property) ? property.initializer : undefined
}

function stringProperty(node: ts.ObjectLiteralExpression, name: string): string | undefined {
  const value = propertyOf(node, name)
  return value && ts.isStringLiteral(value) ? value.text : undefined
}
