import { ts } from 'ts-morph'
import { isLiteral } from './sql.ts'

export type Kind =
  | { find: 'call'; name: string }
  | { find: 'reference'; name: string }
  | { find: 'condition' }
  | { find: 'statement' }
  | { find: 'returned' }
  | { find: 'operator'; operator: string }
  | { find: 'literal'; value: string | number }
  | { find: 'pattern' }
  | { find: 'template' }
  | { find: 'property'; name: string }
  | { find: 'variable' }
  | { find: 'array' }
  | { find: 'object' }

export function findAll(root: ts.Node, kind: Kind): ts.Node[] {
  const isWanted = matcher(kind)
  const found: ts.Node[] = []
  const visit = (node: ts.Node) => {
    const match = isWanted(node)
    if (match) found.push(match)
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(root, visit)
  return found.toSorted((a, b) => a.getStart() - b.getStart() || b.end - a.end)
}

function matcher(kind: Kind): (node: ts.Node) => ts.Node | undefined {
  const where = (test: (node: ts.Node) => boolean) => (node: ts.Node) => (test(node) ? node : undefined)
  switch (kind.find) {
    case 'call':
      return where((node) => (ts.isCallExpression(node) || ts.isNewExpression(node)) && calleeOf(node) === kind.name)
    case 'reference':
      return where(
        (node) => ts.isIdentifier(node) && node.text === kind.name && !ts.isPropertyAccessExpression(node.parent),
      )
    case 'condition':
      return conditionOf
    case 'statement':
      return where((node) => ts.isStatement(node) && !ts.isBlock(node))
    case 'returned':
      return returnedBy
    case 'operator':
      return where((node) => ts.isBinaryExpression(node) && node.operatorToken.getText() === kind.operator)
    case 'literal':
      return where((node) => literalValue(node) === kind.value)
    case 'pattern':
      return where(ts.isRegularExpressionLiteral)
    case 'template':
      return where((node) => ts.isTemplateExpression(node) || ts.isNoSubstitutionTemplateLiteral(node))
    case 'property':
      return where((node) => ts.isObjectLiteralElementLike(node) && nameOf(node) === kind.name)
    case 'variable':
      return (node) => (ts.isVariableDeclaration(node) ? node.initializer : undefined)
    case 'array':
      return where(ts.isArrayLiteralExpression)
    case 'object':
      return where(ts.isObjectLiteralExpression)
  }
}

function conditionOf(node: ts.Node): ts.Node | undefined {
  if (ts.isIfStatement(node) || ts.isWhileStatement(node) || ts.isDoStatement(node)) return node.expression
  if (ts.isConditionalExpression(node) || ts.isForStatement(node)) return node.condition
  return undefined
}

function returnedBy(node: ts.Node): ts.Node | undefined {
  if (ts.isReturnStatement(node)) return node.expression
  return ts.isArrowFunction(node) && !ts.isBlock(node.body) ? node.body : undefined
}

function calleeOf({ expression }: ts.CallExpression | ts.NewExpression): string | undefined {
  if (ts.isIdentifier(expression)) return expression.text
  return ts.isPropertyAccessExpression(expression) ? expression.name.text : undefined
}

function literalValue(node: ts.Node): string | number | undefined {
  if (ts.isNumericLiteral(node)) return Number(node.text)
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) ? node.text : undefined
}

function nameOf({ name }: ts.ObjectLiteralElementLike): string | undefined {
  return name && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : undefined
}

/** The strings and templates at or below a node. */
export function literalsIn(root: ts.Node): ts.Node[] {
  const found: ts.Node[] = []
  const visit = (node: ts.Node) => {
    if (isLiteral(node)) found.push(node)
    ts.forEachChild(node, visit)
  }
  visit(root)
  return found
}

/** The numbered parts of a node: arguments, operands of the same operator, elements, branches, values of a template … */
export function partsOf(node: ts.Node): ts.Node[] {
  if (ts.isCallExpression(node) || ts.isNewExpression(node)) return [...(node.arguments ?? [])]
  if (ts.isBinaryExpression(node)) return operandsOf(node, node.operatorToken.kind)
  if (ts.isArrayLiteralExpression(node)) return [...node.elements]
  if (ts.isObjectLiteralExpression(node)) return [...node.properties]
  if (ts.isConditionalExpression(node)) return [node.condition, node.whenTrue, node.whenFalse]
  if (ts.isTemplateExpression(node)) return node.templateSpans.map(({ expression }) => expression)
  if (ts.isAwaitExpression(node) || ts.isSpreadElement(node) || ts.isParenthesizedExpression(node))
    return partsOf(node.expression)
  if (ts.isTaggedTemplateExpression(node)) return partsOf(node.template)
  if (ts.isPropertyAccessExpression(node)) return [node.expression]
  return ts.isPrefixUnaryExpression(node) ? [node.operand] : []
}

function operandsOf(node: ts.Expression, operator: ts.SyntaxKind): ts.Node[] {
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== operator) return [node]
  return [...operandsOf(node.left, operator), node.right]
}
