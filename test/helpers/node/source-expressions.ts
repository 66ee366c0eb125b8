import { Node, Project } from 'ts-morph'
import { type Expression, staticValue } from './static-value.ts'

export interface FoundExpression extends Expression {
  /** Such as `src/lib/text.ts:7`. */
  location: string
}

/** Methods of strings that create a regular expression from a string. */
const MATCHING = new Set(['match', 'matchAll', 'search'])

export function openSource(from: string | Record<string, string>): Project {
  if (typeof from === 'string') {
    const project = new Project({ skipAddingFilesFromTsConfig: true })
    project.addSourceFilesAtPaths(`${from}/**/*.ts`)
    return project
  }
  const project = new Project({ useInMemoryFileSystem: true })
  for (const [path, text] of Object.entries(from)) project.createSourceFile(path, text)
  return project
}

/**
 * Literals, calls of `RegExp`, and patterns in schemas. Throws for an expression that cannot be evaluated statically.
 */
export function findExpressions(project: Project, root = '/'): FoundExpression[] {
  return project.getSourceFiles().flatMap((file) =>
    file.forEachDescendantAsArray().flatMap((node): FoundExpression[] => {
      const found = expressionAt(node)
      if (found === undefined) return []
      const location = `${file.getFilePath().replace(root, '')}:${node.getStartLineNumber()}`
      if (found === 'unreadable')
        throw new Error(`${location} builds a regular expression that cannot be read off the source`)
      return [{ ...found, location }]
    }),
  )
}

function expressionAt(node: Node): Expression | 'unreadable' | undefined {
  if (Node.isRegularExpressionLiteral(node)) return asExpression(node)
  if (Node.isNewExpression(node) || Node.isCallExpression(node)) {
    const called = node.getExpression()
    if (called.getText() === 'RegExp') return asExpression(node) ?? 'unreadable'
    const matches = Node.isPropertyAccessExpression(called) && MATCHING.has(called.getName())
    const text = matches ? staticValue(node.getArguments()[0]) : undefined
    return typeof text === 'string' ? { source: text, flags: '' } : undefined
  }
  if (Node.isPropertyAssignment(node) && node.getName() === 'pattern')
    return asPattern(node.getInitializer()) ?? 'unreadable'
  if (Node.isVariableDeclaration(node) && /PATTERN$/.test(node.getName())) return asPattern(node.getInitializer())
  const isText =
    Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node) || Node.isTemplateExpression(node)
  return isText && /^['"`]\^/.test(node.getText()) ? (asPattern(node) ?? 'unreadable') : undefined
}

function asExpression(node: Node): Expression | undefined {
  const value = staticValue(node)
  return typeof value === 'object' ? value : undefined
}

/** JSON Schema uses Unicode patterns. */
function asPattern(node: Node | undefined): Expression | undefined {
  const value = staticValue(node)
  if (typeof value === 'string') return { source: value, flags: 'u' }
  return typeof value === 'object' ? value : undefined
}
