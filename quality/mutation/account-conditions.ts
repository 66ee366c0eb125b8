import { ts } from 'ts-morph'
import type { Sources } from './query/sources.ts'
import { isLiteral, type Token, tokensOfLiteral } from './query/sql.ts'

/** A condition of a statement that keeps accounts apart. */
export interface Condition {
  id: string
  /** From the project's root, and the line. */
  file: string
  line: number
  /** The function or constant that it is in. */
  declaration: string
  /** With `?` for values and without aliases, as in `sql.ts`. */
  text: string
  /** How many conditions of the same text come before it in the declaration. */
  nth: number
}

/** A condition whose absence no test can detect, and why. */
export interface EquivalentCondition {
  declaration: string
  text: string
  nth: number
  reason: string
}

interface Found {
  start: number
  end: number
  text: string
  /** Set for a comparison of row values: `(account_id, id) IN (SELECT w.account_id, w.id …`. */
  other?: { start: number; end: number }
}

const COLUMN = 'account_id'

export function findConditions(sources: Sources): Condition[] {
  return [...sources.files.keys()].flatMap((file) => markConditions(sources, file).conditions)
}

/**
 * The text of a file with SQL comments around each of its conditions. They change nothing. The run finds them in the
 * statements that reach the database, and removes what they enclose.
 */
export function markConditions(sources: Sources, file: string): { text: string; conditions: Condition[] } {
  const source = sources.files.get(file)
  if (!source) throw new Error(`There is no file ${file}`)
  const conditions: Condition[] = []
  const inserts: { at: number; text: string }[] = []
  const prefix = file
    .replace(/^src\//, '')
    .replace(/\.ts$/, '')
    .replaceAll(/\W/g, '_')
  for (const { start, end, text, other } of find(source, sources).toSorted((a, b) => a.start - b.start)) {
    const id = `${prefix}_${conditions.length + 1}`
    const declaration = declarationAt(source, start)
    const nth = conditions.filter((each) => each.declaration === declaration && each.text === text).length
    const line = source.getLineAndCharacterOfPosition(start).line + 1
    conditions.push({ id, file, line, declaration, text, nth })
    for (const part of other ? [{ start, end }, other] : [{ start, end }])
      inserts.push({ at: part.start, text: `/*<${id}*/` }, { at: part.end, text: `/*${id}>*/` })
  }
  const text = inserts
    .toSorted((a, b) => b.at - a.at)
    .reduce((whole, { at, text: mark }) => whole.slice(0, at) + mark + whole.slice(at), source.text)
  return { text, conditions }
}

function find(source: ts.SourceFile, sources: Sources): Found[] {
  const found: Found[] = []
  const visit = (node: ts.Node) => {
    if (isLiteral(node)) found.push(...inStatement(tokensOfLiteral(node, sources.schema)))
    ts.forEachChild(node, visit)
  }
  if (!source.text.includes('sqliteTable(')) visit(source)
  return found
}

function inStatement(tokens: Token[]): Found[] {
  const is = (at: number, name: string) => tokens[at]?.names.has(name) ?? false
  return tokens.flatMap((token, at): Found[] => {
    const equals = is(at + 1, '=')
    const [left, right] = [token, tokens[at + 2]]
    const between = (from: Token, to: Token) => ({
      start: from.start,
      end: to.end,
      text: `${nameOf(from)} = ${nameOf(to)}`,
    })
    if (equals && right && is(at, COLUMN) && (is(at + 2, '?') || (isColumnOf(right, [COLUMN, 'id']) && right.alias)))
      return [between(left, right)]
    if (equals && right && is(at, 'id') && left.alias && is(at + 2, COLUMN) && right.alias)
      return [between(left, right)]
    if (equals && right && is(at, 'id') && is(at - 1, 'WHERE') && is(at - 2, 'accounts') && is(at + 2, '?'))
      return [between(left, right)]
    if (is(at, '(') && is(at + 1, COLUMN) && is(at + 2, ',')) return rowValues(tokens, at + 1)
    const next = tokens[at + 4]
    if (
      is(at, 'PARTITION') &&
      is(at + 1, 'BY') &&
      is(at + 2, COLUMN) &&
      tokens[at + 2]?.alias &&
      is(at + 3, ',') &&
      next
    )
      return [{ start: tokens[at + 2]?.start ?? 0, end: next.start, text: 'PARTITION BY account_id,' }]
    return []
  })
}

const isColumnOf = (token: Token, names: string[]) => names.some((name) => token.names.has(name))

const nameOf = (token: Token) => [...token.names][0] ?? ''

/** A comparison of row values: its columns on the left, and those of the subquery. */
function rowValues(tokens: Token[], at: number): Found[] {
  const close = tokens.findIndex((token, index) => index > at && token.names.has(')'))
  const is = (offset: number, name: string) => tokens[close + offset]?.names.has(name)
  const [left, afterLeft] = [tokens[at], tokens[at + 2]]
  const [right, afterRight] = [tokens[close + 4], tokens[close + 6]]
  if (!is(1, 'IN') || !is(2, '(') || !is(3, 'SELECT') || !is(4, COLUMN) || !left || !afterLeft || !right || !afterRight)
    return []
  const columns = tokens.slice(at, close).map(nameOf).join(' ').replaceAll(' ,', ',')
  return [
    {
      start: left.start,
      end: afterLeft.start,
      text: `(${columns}) IN (SELECT ${nameOf(right)},`,
      other: { start: right.start, end: afterRight.start },
    },
  ]
}

function declarationAt(source: ts.SourceFile, at: number): string {
  const statement = source.statements.find(({ pos, end }) => pos <= at && at < end)
  if (statement && ts.isFunctionDeclaration(statement)) return statement.name?.text ?? ''
  if (statement && ts.isVariableStatement(statement))
    return statement.declarationList.declarations[0]?.name.getText() ?? ''
  return statement && ts.isClassDeclaration(statement) ? (statement.name?.text ?? '') : ''
}
