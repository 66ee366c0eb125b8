import { ts } from 'ts-morph'
import type { Mutation } from './mutation.ts'
import type { SourceChange } from './query/change.ts'
import { resolve } from './query/inside.ts'
import { parse, type Sources, StaleError } from './query/sources.ts'

/** The files of a mutation, with their mutated text. Throws a StaleError if it does not fit the source. */
export function mutatedFiles(
  sources: Sources,
  { edits, imports = {} }: Pick<Mutation, 'edits' | 'imports'>,
): Map<string, string> {
  const changes = edits.map((edit) => resolve(sources, edit))
  const byFile = Map.groupBy(changes, ({ file }) => file)
  return new Map(
    [...byFile].map(([file, own]) => {
      const source = sources.text(file)
      const mutated = applied(source, own)
      if (mutated === source) throw new StaleError('the mutation changes nothing')
      const text = (imports[file] ?? '') + mutated
      if (file.endsWith('.ts')) assertValid(parse(file, text), identifiersOf(sources, file))
      return [file, text]
    }),
  )
}

function applied(source: string, changes: SourceChange[]): string {
  return changes
    .toSorted((a, b) => b.start - a.start)
    .reduce((text, { start, end, text: replacement }) => text.slice(0, start) + replacement + text.slice(end), source)
}

/** A mutation that cannot be parsed, or names a variable that does not exist, would fail every test. */
function assertValid(mutated: ts.SourceFile, known: Set<string>): void {
  const { parseDiagnostics } = mutated as ts.SourceFile & { parseDiagnostics: ts.DiagnosticWithLocation[] }
  const [problem] = parseDiagnostics
  if (problem) throw new StaleError(`it cannot be parsed: ${ts.flattenDiagnosticMessageText(problem.messageText, ' ')}`)
  const imported = identifiersIn(...mutated.statements.filter(ts.isImportDeclaration))
  const unknown = [...identifiersIn(mutated)].filter(
    (name) => !known.has(name) && !imported.has(name) && !(name in globalThis),
  )
  if (unknown.length > 0) throw new StaleError(`the source has no ${unknown.join(', ')}`)
}

const identifiers = new WeakMap<ts.SourceFile, Set<string>>()

function identifiersOf(sources: Sources, file: string): Set<string> {
  const source = sources.files.get(file)
  if (!source) throw new StaleError(`there is no file ${file}`)
  const known = identifiers.get(source) ?? identifiersIn(source)
  identifiers.set(source, known)
  return known
}

/** The variables that a file reads or declares. Names after a dot and keys of objects are not among them. */
function identifiersIn(...roots: ts.Node[]): Set<string> {
  const names = new Set<string>()
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node) && !isMember(node)) names.add(node.text)
    ts.forEachChild(node, visit)
  }
  roots.forEach(visit)
  return names
}

function isMember(node: ts.Identifier): boolean {
  const { parent } = node
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  )
}
