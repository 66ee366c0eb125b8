import {
  type BinaryExpression,
  type CallExpression,
  type Identifier,
  type NewExpression,
  Node,
  type PropertyAccessExpression,
  SyntaxKind,
  type TemplateExpression,
} from 'ts-morph'

export interface Expression {
  source: string
  flags: string
}

export type StaticValue = string | number | Expression

/** Undefined if it cannot be evaluated statically. Supports texts, numbers and regular expressions. */
export function staticValue(node: Node | undefined): StaticValue | undefined {
  if (!node) return undefined
  if (Node.isStringLiteral(node) || Node.isNoSubstitutionTemplateLiteral(node)) return node.getLiteralValue()
  if (Node.isNumericLiteral(node)) return node.getLiteralValue()
  if (Node.isRegularExpressionLiteral(node)) return regularExpression(node.getText())
  if (Node.isTemplateExpression(node)) return ofTemplate(node)
  if (Node.isIdentifier(node)) return ofConstant(node)
  if (Node.isAsExpression(node) || Node.isSatisfiesExpression(node) || Node.isParenthesizedExpression(node))
    return staticValue(node.getExpression())
  if (Node.isPropertyAccessExpression(node)) return ofProperty(node)
  if (Node.isCallExpression(node) || Node.isNewExpression(node)) return ofCall(node)
  if (Node.isBinaryExpression(node)) return ofSum(node)
  if (Node.isPrefixUnaryExpression(node) && node.getOperatorToken() === SyntaxKind.MinusToken)
    return negative(staticValue(node.getOperand()))
  return undefined
}

function regularExpression(literal: string): Expression {
  const end = literal.lastIndexOf('/')
  return { source: literal.slice(1, end), flags: literal.slice(end + 1) }
}

function negative(value: StaticValue | undefined): number | undefined {
  return typeof value === 'number' ? -value : undefined
}

function ofTemplate(node: TemplateExpression): string | undefined {
  let text = node.getHead().getLiteralText()
  for (const span of node.getTemplateSpans()) {
    const value = staticValue(span.getExpression())
    if (typeof value !== 'string' && typeof value !== 'number') return undefined
    text += `${value}${span.getLiteral().getLiteralText()}`
  }
  return text
}

function ofConstant(node: Identifier): StaticValue | undefined {
  const symbol = node.getSymbol()
  const declaration = (symbol?.getAliasedSymbol() ?? symbol)?.getValueDeclaration()
  return Node.isVariableDeclaration(declaration) ? staticValue(declaration.getInitializer()) : undefined
}

function ofProperty(node: PropertyAccessExpression): string | undefined {
  const object = staticValue(node.getExpression())
  const isSource = typeof object === 'object' && node.getName() === 'source'
  return isSource ? object.source : undefined
}

function ofCall(node: CallExpression | NewExpression): StaticValue | undefined {
  const called = node.getExpression()
  const values = node.getArguments().map(staticValue)
  if (called.getText() === 'RegExp') return ofConstructor(values)
  if (!Node.isPropertyAccessExpression(called) || called.getName() !== 'slice') return undefined
  const text = staticValue(called.getExpression())
  const bounds = values.filter((value) => typeof value === 'number')
  return typeof text === 'string' && bounds.length === values.length ? text.slice(...bounds) : undefined
}

function ofConstructor([pattern, flags]: (StaticValue | undefined)[]): Expression | undefined {
  const given = typeof flags === 'string' ? flags : undefined
  if (typeof pattern === 'string') return { source: pattern, flags: given ?? '' }
  return typeof pattern === 'object' ? { ...pattern, flags: given ?? pattern.flags } : undefined
}

function ofSum(node: BinaryExpression): StaticValue | undefined {
  const [left, right] = [staticValue(node.getLeft()), staticValue(node.getRight())]
  const operator = node.getOperatorToken().getText()
  if (typeof left === 'number' && typeof right === 'number')
    return operator === '+' ? left + right : operator === '-' ? left - right : undefined
  if (operator !== '+' || typeof left === 'object' || typeof right === 'object') return undefined
  return left === undefined || right === undefined ? undefined : `${left}${right}`
}
