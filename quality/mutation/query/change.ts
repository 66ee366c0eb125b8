import { ts } from 'ts-morph'
import { partsOf } from './find.ts'
import type { Place } from './place.ts'
import { StaleError } from './sources.ts'

/** What is done to a place. In a replacement, `$0` stands for what was there and `$1`, `$2` … for its parts. */
export type Action =
  | { action: 'remove' }
  | { action: 'negate' }
  | { action: 'always'; value: boolean }
  | { action: 'unchain' }
  | { action: 'replace'; text: string }

export interface SourceChange {
  file: string
  start: number
  end: number
  text: string
}

export function changeOf(place: Place, source: string, action: Action): SourceChange {
  const { file, start, end, node } = place
  const own = source.slice(start, end)
  switch (action.action) {
    case 'remove':
      return { file, ...(node ? removal(node) : removalOfWords(place)) }
    case 'negate':
      return { file, start, end, text: `!(${own})` }
    case 'always':
      return { file, start, end, text: String(action.value) }
    case 'unchain':
      return { file, ...withoutLink(node) }
    case 'replace': {
      const parts = node ? partsOf(node).map((part) => part.getText()) : []
      const text = action.text.replaceAll(/\$(\d)/g, (_, digit) => {
        const part = digit === '0' ? own : parts[Number(digit) - 1]
        if (part === undefined) throw new StaleError(`there is no part $${digit}`)
        return part
      })
      return { file, start, end, text }
    }
  }
}

type Removal = Omit<SourceChange, 'file'>

/** Removes the adjacent AND as well; a condition without one is replaced by a true one. */
function removalOfWords({ start, end, conjunction }: Place): Removal {
  if (!conjunction) return { start, end, text: '' }
  const { before, after } = conjunction
  if (before?.names.has('AND')) return { start: before.start, end, text: '' }
  if (after?.names.has('AND')) return { start, end: after.end, text: '' }
  return { start, end, text: 'true' }
}

/** `z.string().max(5)` becomes `z.string()`. */
function withoutLink(node: ts.Node | null): Removal {
  if (!node || !ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression))
    throw new StaleError('not a call of a method')
  return { start: node.expression.expression.end, end: node.end, text: '' }
}

/** Keeps the rest parsable: removes the comma, operator or `else` as well. */
function removal(node: ts.Node): Removal {
  const { parent } = node
  const [start, end] = [node.getStart(), node.end]
  if (ts.isExpressionStatement(parent) || ts.isAwaitExpression(parent) || ts.isParenthesizedExpression(parent))
    return removal(parent)
  if (ts.isSpreadElement(parent) || ts.isSpreadAssignment(parent)) return removal(parent)
  if (ts.isIfStatement(parent) && parent.elseStatement === node)
    return { start: parent.thenStatement.end, end, text: '' }
  if (ts.isIfStatement(parent) || ts.isForOfStatement(parent)) return { start, end, text: '{}' }
  if (ts.isBinaryExpression(parent))
    return parent.left === node
      ? { start, end: parent.right.getStart(), text: '' }
      : { start: parent.left.end, end: parent.end, text: '' }
  if (ts.isTemplateSpan(parent)) return { start: node.pos - 2, end: parent.literal.getStart() + 1, text: '' }
  if (ts.isStatement(node)) return { start, end, text: '' }
  return removalFromList(node)
}

function removalFromList(node: ts.Node): Removal {
  const siblings = partsOf(node.parent)
  const at = siblings.indexOf(node)
  if (at < 0) throw new StaleError(`a ${ts.SyntaxKind[node.kind]} cannot be taken out here`)
  const next = siblings[at + 1]
  if (next) return { start: node.getStart(), end: next.getStart(), text: '' }
  const before = siblings[at - 1]
  if (before) return { start: before.end, end: node.end, text: '' }
  const [comma = ''] = /^\s*,/.exec(node.getSourceFile().text.slice(node.end)) ?? []
  return { start: node.getStart(), end: node.end + comma.length, text: '' }
}
