import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ts } from 'ts-morph'
import { ROOT } from './local-state.ts'
import { type Finding, isGenerated, isText, wordsInText } from './words.ts'

const FOLDERS = ['test', 'quality', 'bench']

/** Files with strings of the API: the checks of `src` and of `openapi.json` read those. */
const QUOTES_THE_API = ['quality/fuzz/constraint-messages.ts']

const TEST_FUNCTIONS = ['describe', 'it', 'test']

/** Banned words in the titles of tests, in messages of errors, and in all strings of programs in quality/ and bench/. */
export function findBannedWordsInStrings(folders = FOLDERS, root = ROOT): Finding[] {
  return globSync(
    folders.map((folder) => `${folder}/**/*.ts`),
    { cwd: root, exclude: isGenerated },
  )
    .filter((file) => !QUOTES_THE_API.includes(file))
    .sort()
    .flatMap((file) => wordsInStrings(file, readFileSync(join(root, file), 'utf8')))
}

export function wordsInStrings(file: string, text: string): Finding[] {
  // Parsing takes most of the time, and few files contain a banned word anywhere.
  if (wordsInText(file, text).length === 0) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const isProgram = !file.startsWith('test/') && !/\.(test|suite)\.ts$/.test(file)
  const checked = isProgram ? [source] : proseOf(source)
  return [...new Set(checked.flatMap(stringsIn))].flatMap((string) => {
    const { line } = source.getLineAndCharacterOfPosition(string.getStart(source))
    return wordsInText(file, string.text).map((finding) => ({ ...finding, line: line + finding.line }))
  })
}

/** Titles of tests with those in their tables, and messages of errors. Other strings may be data. */
function proseOf(source: ts.SourceFile): ts.Node[] {
  const found: ts.Node[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText(source)))
      found.push(...(node.arguments ?? []))
    if (ts.isCallExpression(node) && TEST_FUNCTIONS.includes(functionOf(node))) found.push(...titlesOf(node))
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** The name at the start of a chain such as `it.each(table)(…)`. */
function functionOf({ expression }: ts.CallExpression): string {
  if (ts.isCallExpression(expression)) return functionOf(expression)
  if (ts.isPropertyAccessExpression(expression)) return expression.expression.getText()
  return expression.getText()
}

/** The first argument: a title, or a table whose rows are titles or begin with one. */
function titlesOf({ arguments: [first] }: ts.CallExpression): ts.Node[] {
  if (first === undefined) return []
  if (!ts.isArrayLiteralExpression(first)) return [first]
  return first.elements.flatMap((row) => (ts.isArrayLiteralExpression(row) ? row.elements.slice(0, 1) : [row]))
}

function stringsIn(node: ts.Node): ts.LiteralLikeNode[] {
  const found: ts.LiteralLikeNode[] = []
  const visit = (child: ts.Node): void => {
    if (isText(child)) found.push(child)
    ts.forEachChild(child, visit)
  }
  visit(node)
  return found
}
