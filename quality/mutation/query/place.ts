import { ts } from 'ts-morph'
import { findAll, type Kind, literalsIn, partsOf } from './find.ts'
import { type Sources, StaleError } from './sources.ts'
import { isLiteral, occurrences, type Token, tokensOfLiteral, tokensOfText } from './sql.ts'

/** Which of several: the second of three. Without it there must be only one. */
export type Which = [] | [nth: number, of: number]

type Relation = 'value' | 'receiver' | 'body' | 'enclosing statement' | 'enclosing if' | 'else'

export type Step =
  | { step: 'find'; kind: Kind; which: Which }
  | { step: 'part'; nth: number }
  | { step: Relation }
  | { step: 'sql condition' | 'sql' | 'text'; text: string; which: Which }

/** A place in a file: a node of its syntax tree, or a range in a string. */
export interface Place {
  file: string
  start: number
  end: number
  node: ts.Node | null
  /** Set for the conditions of a statement: the tokens around it. */
  conjunction: { before: Token | undefined; after: Token | undefined } | null
}

export function nodePlace(file: string, node: ts.Node): Place {
  return { file, start: node.getStart(), end: node.end, node, conjunction: null }
}

/** Throws a StaleError unless the steps lead to exactly one place. */
export function follow(sources: Sources, from: Place, steps: readonly Step[]): Place {
  return steps.reduce((place, step) => take(sources, place, step), from)
}

function take(sources: Sources, place: Place, step: Step): Place {
  if (step.step === 'sql' || step.step === 'sql condition' || step.step === 'text') return words(sources, place, step)
  if (!place.node) throw new StaleError('words of a string have no parts')
  if (step.step === 'find') return nodePlace(place.file, one(findAll(place.node, step.kind), step.which))
  const node = step.step === 'part' ? partsOf(place.node)[step.nth - 1] : related(place.node, step.step)
  if (!node) throw new StaleError(`a ${ts.SyntaxKind[place.node.kind]} has no such part`)
  return nodePlace(place.file, node)
}

function one<Found>(found: Found[], [nth = 1, of = 1]: Which): Found {
  const chosen = found[nth - 1]
  if (found.length !== of || chosen === undefined) throw new StaleError(`there are ${found.length}, not ${of}`)
  return chosen
}

function related(node: ts.Node, step: Relation): ts.Node | undefined {
  switch (step) {
    case 'value':
      return ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node) || ts.isPropertyDeclaration(node)
        ? node.initializer
        : undefined
    case 'receiver':
      return ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)
        ? node.expression.expression
        : undefined
    case 'body':
      return ts.isFunctionLike(node) && 'body' in node ? node.body : undefined
    case 'else':
      return ts.findAncestor(node, ts.isIfStatement)?.elseStatement
    case 'enclosing if':
      return ts.findAncestor(node, ts.isIfStatement)
    case 'enclosing statement':
      return ts.findAncestor(node, ts.isStatement)
  }
}

function words(sources: Sources, place: Place, step: Extract<Step, { text: string }>): Place {
  if (step.step === 'text') return plainText(sources, place, step)
  const fragment = tokensOfText(step.text)
  const statements = place.node
    ? literalsIn(place.node).map((node) => (isLiteral(node) ? tokensOfLiteral(node, sources.schema) : []))
    : [tokensOfText(sources.text(place.file).slice(place.start, place.end), place.start)]
  const found = statements.flatMap((tokens) =>
    occurrences(tokens, fragment).map((at) => {
      const [before, after] = [tokens[at - 1], tokens[at + fragment.length]]
      const [start, end] = [tokens[at]?.start ?? 0, tokens[at + fragment.length - 1]?.end ?? 0]
      return { file: place.file, start, end, node: null, conjunction: { before, after } }
    }),
  )
  const { conjunction, ...chosen } = one(found, step.which)
  return { ...chosen, conjunction: step.step === 'sql condition' ? conjunction : null }
}

function plainText(
  sources: Sources,
  { file, start, end }: Place,
  { text, which }: { text: string; which: Which },
): Place {
  const found = indicesOf(sources.text(file).slice(start, end), text).map((index) => start + index)
  const at = one(found, which)
  return { file, start: at, end: at + text.length, node: null, conjunction: null }
}

function indicesOf(whole: string, text: string): number[] {
  const pieces = whole.split(text).slice(0, -1)
  return pieces.map((_, index) => pieces.slice(0, index + 1).join(text).length)
}
