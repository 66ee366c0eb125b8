import { ts } from 'ts-morph'
import type { Schema } from './schema.ts'

/**
 * A token of a statement in normalized form: columns without their table, `?` for values, `{wants}` for the result of a
 * function called `wants`. So `u.status = ${status}` and `${u.status} = ${status}` are equal.
 */
export interface Token {
  /** Several, because columns of different tables can have the same name in the source. */
  names: Set<string>
  /** The alias or table of a column, if it is given. */
  alias: string | null
  start: number
  end: number
}

type Literal = ts.StringLiteral | ts.NoSubstitutionTemplateLiteral | ts.TemplateExpression

const WORD = /`\w+`|'(?:[^']|'')*'|\{\w+\}|[A-Za-z_]\w*|\d+|\?\d*|<>|<=|>=|\|\||\S/g

export function isLiteral(node: ts.Node): node is Literal {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateExpression(node)
}

/** The text begins at `offset` of its file. Identifiers may be quoted with backticks. */
export function tokensOfText(text: string, offset = 0): Token[] {
  return joined(wordsOf(text, offset))
}

export function tokensOfLiteral(literal: Literal, schema: Schema): Token[] {
  if (!ts.isTemplateExpression(literal)) return joined(wordsOf(literal.getText().slice(1, -1), literal.getStart() + 1))
  const { head, templateSpans } = literal
  const tokens = wordsOf(head.getText().slice(1, -2), head.getStart() + 1)
  for (const { expression, literal: next } of templateSpans) {
    const start = expression.pos - 2
    tokens.push({ ...tokenOf(expression, schema), start, end: next.getStart() + 1 })
    const isLast = ts.isTemplateTail(next)
    tokens.push(...wordsOf(next.getText().slice(1, isLast ? -1 : -2), next.getStart() + 1))
  }
  return joined(tokens)
}

/** The indices of the first tokens of each occurrence. */
export function occurrences(tokens: Token[], fragment: Token[]): number[] {
  return tokens.flatMap((_, at) => (fragment.every((wanted, index) => isSame(tokens[at + index], wanted)) ? [at] : []))
}

function isSame(token: Token | undefined, wanted: Token): boolean {
  if (!token || ![...wanted.names].some((name) => token.names.has(name))) return false
  return wanted.alias === null || wanted.alias === token.alias
}

function tokenOf(expression: ts.Expression, schema: Schema): Pick<Token, 'names' | 'alias'> {
  const column = schema.column(expression)
  if (column && ts.isPropertyAccessExpression(expression))
    return { names: column, alias: expression.expression.getText() }
  const table = schema.table(expression)
  if (table) return { names: new Set([table]), alias: null }
  if (ts.isCallExpression(expression) && ts.isIdentifier(expression.expression))
    return { names: new Set([`{${expression.expression.text}}`]), alias: null }
  return { names: new Set(['?']), alias: null }
}

function wordsOf(text: string, offset: number): Token[] {
  return [...text.matchAll(WORD)].map(({ 0: word, index }) => {
    const name = /^\?\d+$/.test(word) ? '?' : word.replaceAll('`', '')
    return { names: new Set([name]), alias: null, start: offset + index, end: offset + index + word.length }
  })
}

const isName = (token: Token | undefined) => token !== undefined && /^[A-Za-z_?{]/.test(first(token))
const first = (token: Token) => [...token.names][0] ?? ''

/** Joins a column with the alias and the unary plus in front of it. */
function joined(tokens: Token[]): Token[] {
  const all: Token[] = []
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at] as Token
    const [dot, column] = [tokens[at + 1], tokens[at + 2]]
    if (isName(token) && dot && first(dot) === '.' && column && isName(column)) {
      all.push({ ...column, alias: first(token), start: token.start })
      at += 2
    } else all.push(token)
    const [before, plus] = [all.at(-3), all.at(-2)]
    if (plus && first(plus) === '+' && !isOperand(before))
      all.splice(-2, 2, { ...(all.at(-1) as Token), start: plus.start })
  }
  return all
}

function isOperand(token: Token | undefined): boolean {
  return token !== undefined && (first(token) === ')' || /^[a-z_?{\d']/.test(first(token)))
}
