import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ts } from 'ts-morph'
import { ROOT } from './local-state.ts'

type Place = 'names' | 'sentences'

interface BannedWord {
  word: string
  /** Matches a comment or a document, or the lowercase words of a name with spaces between them. */
  pattern: RegExp
  /** For words that are fine in the other place. */
  only?: Place
}

/** Words for which the field has another term. */
export const BANNED_WORDS: readonly BannedWord[] = [
  { word: 'deed', pattern: /\bdeeds?\b/i },
  { word: 'told', pattern: /\btold\b/i },
  { word: 'tells', pattern: /\btells\b/i },
  { word: 'heed', pattern: /\bheed(s|ed|ing)?\b/i },
  { word: 'anew', pattern: /\banew\b/i },
  { word: 'dearer', pattern: /\bdearer\b/i },
  { word: 'beside', pattern: /\bbeside\b/i },
  { word: 'vouch', pattern: /\bvouch(es|ed|ing)?\b/i },
  { word: 'doubt', pattern: /\bdoubt(s|ed|ing)?\b/i },
  { word: 'bell', pattern: /\bbells?\b/i },
  { word: 'twin', pattern: /\btwins?\b/i },
  { word: 'ring', pattern: /\b(rings?|ringing|rang|rung)\b/i, only: 'names' },
  { word: 'can not', pattern: /\bcan not\b/i },
  { word: 'given back', pattern: /\bgiven back\b/i },
  { word: 'of late', pattern: /\bof late\b/i },
  { word: 'but for', pattern: /\bbut for\b/i },
  { word: 'at once', pattern: /\bat once\b/i },
  { word: 'e-mail', pattern: /\be(?:-| )mails?\b/i },
  { word: 'log-in', pattern: /\blog-ins?\b/i, only: 'sentences' },
  { word: 'is no', pattern: /(?<!\bthere )\bis no (?!longer\b)/i, only: 'sentences' },
]

export const CHECKED_FOLDERS = ['src', 'test', 'quality', 'packages', 'scripts', 'site', 'bench']

const DOCUMENTS = ['*.md', 'docs/**/*.md', 'quality/**/*.md', 'packages/*/*.md', 'openapi.json']

/** Names in stored data. */
const STORED_NAMES = ['src/access/durable-objects/rate-limiter-store.ts', 'src/service/wake-up-queue.ts']

/** Clients receive most string literals of `src`. */
function hasCheckedLiterals(file: string): boolean {
  return file.startsWith('src/') && !STORED_NAMES.includes(file)
}

export interface Finding {
  file: string
  line: number
  word: string
  /** The name, the comment or the line. */
  text: string
}

/** Banned words in file names, in the comments and declared names of TypeScript files, and in the literals of `src`. */
export function findBannedWords(folders = CHECKED_FOLDERS, root = ROOT): Finding[] {
  const files = folders.flatMap((folder) => globSync(`${folder}/**/*.*`, { cwd: root, exclude: isGenerated }))
  return files.flatMap((file) => [
    ...wordsInFileName(file),
    ...(file.endsWith('.ts') ? wordsInSource(file, readFileSync(join(root, file), 'utf8')) : []),
  ])
}

/** Banned words in documents. */
export function findBannedWordsInDocuments(root = ROOT): Finding[] {
  const documents = globSync(DOCUMENTS, { cwd: root, exclude: isGenerated })
  return documents.sort().flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return file.endsWith('.json') ? wordsInJson(file, text) : wordsInText(file, text)
  })
}

/** Targets of links, and URLs. */
const TARGETS = /(?<=\])\([^)\s]*\)|https?:\/\/\S+/g

/** A space in a pattern, which may be the end of a line of the same paragraph. */
const GAP = '[ \\t]*(?: |\\n)[ \\t>*-]*'

/** Reads code in Markdown, too, because it has comments. */
export function wordsInText(file: string, text: string): Finding[] {
  const prose = text.replace(TARGETS, (target) => '\0'.repeat(target.length))
  const lines = text.split('\n')
  return BANNED_WORDS.filter(({ only }) => only !== 'names').flatMap(({ word, pattern }) => {
    const acrossLines = new RegExp(pattern.source.replaceAll(' ', GAP), 'gi')
    return [...prose.matchAll(acrossLines)].map(({ index }) => {
      const line = prose.slice(0, index).split('\n').length
      return { file, line, word, text: lines[line - 1] ?? '' }
    })
  })
}

/** The string at the end of a line, as `JSON.stringify` writes it with an indentation. */
const STRING_VALUE = /^\s*(?:"[^"]*": )?("(?:[^"\\]|\\.)*"),?$/

/** Reads the values of an indented JSON document, and not its keys. */
export function wordsInJson(file: string, json: string): Finding[] {
  return json.split('\n').flatMap((line, index) => {
    const [, value] = STRING_VALUE.exec(line) ?? []
    if (value === undefined) return []
    return wordsInText(file, JSON.parse(value)).map((finding) => ({ ...finding, line: index + 1 }))
  })
}

export function wordsInFileName(file: string): Finding[] {
  return matches(file, 1, file, wordsOf(file), 'names')
}

export function wordsInSource(file: string, text: string): Finding[] {
  // Parsing takes most of the time, and few files contain a banned word anywhere.
  const words = wordsOf(text)
  if (!BANNED_WORDS.some(({ pattern }) => pattern.test(words) || pattern.test(text))) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const lineAt = (position: number) => source.getLineAndCharacterOfPosition(position).line + 1
  const findings: Finding[] = []
  const comments = new Set<number>()

  function visit(node: ts.Node): void {
    if (isDeclaredName(node))
      findings.push(...matches(file, lineAt(node.getStart(source)), node.text, wordsOf(node.text), 'names'))
    for (const { pos, end } of commentsAround(text, node)) {
      if (comments.has(pos)) continue
      comments.add(pos)
      const comment = text.slice(pos, end).replace(/\s*\n[\s*/]*/g, ' ')
      findings.push(...matches(file, lineAt(pos), comment, comment, 'sentences'))
    }
    if (hasCheckedLiterals(file) && isText(node)) {
      const { text: literal } = node
      findings.push(...matches(file, lineAt(node.getStart(source)), literal, literal, 'sentences'))
    }
    for (const child of node.getChildren(source)) visit(child)
  }

  visit(source)
  return findings
}

export const isGenerated = (path: string) => /(^|\/)(node_modules|dist|\.cache|results)$/.test(path)

function matches(file: string, line: number, text: string, words: string, place: Place): Finding[] {
  return BANNED_WORDS.filter(({ pattern, only = place }) => only === place && pattern.test(words)).map(({ word }) => ({
    file,
    line,
    word,
    text,
  }))
}

/** Splits at case, and replaces everything but letters by spaces. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .replace(/[^A-Za-z]+/g, ' ')
}

function isDeclaredName(node: ts.Node): node is ts.Identifier | ts.PrivateIdentifier {
  if (!ts.isIdentifier(node) && !ts.isPrivateIdentifier(node)) return false
  const { parent } = node
  return 'name' in parent && parent.name === node && !ts.isPropertyAccessExpression(parent)
}

export function isText(node: ts.Node): node is ts.LiteralLikeNode {
  return ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isTemplateLiteralToken(node)
}

function commentsAround(text: string, node: ts.Node): ts.CommentRange[] {
  return [
    ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
    ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
  ]
}
