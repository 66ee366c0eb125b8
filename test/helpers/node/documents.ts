import { readFileSync } from 'node:fs'
import { ROOT } from '../../../scripts/lib/local-state.ts'

export interface Example {
  language: string
  code: string
  shown: { kind: 'json' | 'text'; text: string } | null
  /** Such as `README.md:42`. */
  location: string
}

/** A fenced block: ```` ```ts [receiver.ts] ````, ```` ```sh exempt="why it is not run" ```` or ```` ```json schema=Ticket ````. */
export interface Block extends Example {
  /** A complete program, in a file of this name. */
  file: string | null
  exempt: string | null
  /** The schema of the OpenAPI document that the JSON matches. */
  schema: string | null
  /** Attributes that nothing reads. */
  unknown: string
}

const BLOCK = /^```(\w*)(?: ([^\n]*))?\n(.*?)^```$/gms
const ATTRIBUTES = {
  file: /^\[([\w./-]+)\]/,
  exempt: /\bexempt="([^"]+)"/,
  schema: /\bschema=(\w+)/,
}

/** A block of JSON or text right after a command or code is its output, and not in the list. */
export function blocksOf(path: string): Block[] {
  const markdown = readFileSync(`${ROOT}${path}`, 'utf8')
  const blocks: Block[] = []
  let end = 0
  for (const match of markdown.matchAll(BLOCK)) {
    const [block, language = '', info = '', code = ''] = match
    const last = blocks.at(-1)
    const isRightAfter = markdown.slice(end, match.index).trim() === ''
    end = match.index + block.length
    if (last && isRightAfter && info === '' && isOutput(language) && ['sh', 'ts'].includes(last.language)) {
      last.shown = { kind: language, text: code }
      continue
    }
    const line = markdown.slice(0, match.index).split('\n').length + 1
    blocks.push({ language, code, shown: null, location: `${path}:${line}`, ...attributesOf(info) })
  }
  return blocks
}

/** The commands and the code that belong together, without programs and without blocks that have an attribute. */
export function examplesOf(path: string): Example[] {
  return blocksOf(path).filter(
    ({ language, file, exempt, unknown }) =>
      ['sh', 'ts'].includes(language) && file === null && exempt === null && unknown === '',
  )
}

const isOutput = (language: string): language is 'json' | 'text' => language === 'json' || language === 'text'

function attributesOf(info: string): Pick<Block, 'file' | 'exempt' | 'schema' | 'unknown'> {
  const read = (pattern: RegExp) => pattern.exec(info)?.[1] ?? null
  const { file, exempt, schema } = ATTRIBUTES
  const unknown = [file, exempt, schema].reduce((rest, pattern) => rest.replace(pattern, ''), info).trim()
  return { file: read(file), exempt: read(exempt), schema: read(schema), unknown }
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/**
 * Reports other keys and other values. Times may differ, `…` stands for any text, and JSON for readers may
 * be formatted in any way.
 */
export function differencesFromShown(shown: unknown, actual: unknown, path = '$'): string[] {
  if (typeof shown === 'string' && typeof actual === 'string') {
    if (TIME.test(shown) && TIME.test(actual)) return []
    if (shown.includes('…') && abbreviated(shown, '[^]*').test(actual)) return []
  }
  if (typeof shown !== 'object' || typeof actual !== 'object' || shown === null || actual === null)
    return shown === actual
      ? []
      : [`${path}: ${JSON.stringify(shown)} is shown, ${JSON.stringify(actual)} was returned`]
  const actuals = new Map<string, unknown>(Object.entries(actual))
  const shownKeys = Object.keys(shown)
  const missing = [...actuals.keys()].filter((key) => !shownKeys.includes(key))
  return [
    ...missing.map((key) => `${path}.${key} was returned, but is not shown`),
    ...Object.entries(shown).flatMap(([key, value]) => differencesFromShown(value, actuals.get(key), `${path}.${key}`)),
  ]
}

/** Allows any time, any count after `#`, and any text for `…`. `whole`: there is no other output. */
export function patternOfShown(text: string, extent: 'part' | 'whole' = 'part'): RegExp {
  const free = escaped(text.trimEnd())
    .replace(/\d\d:\d\d:\d\d/g, '\\d\\d:\\d\\d:\\d\\d')
    .replace(/ {2}#\d+/g, '  #\\d+')
  const pattern = free.replaceAll('…', '\\S*')
  return new RegExp(extent === 'whole' ? `^${pattern}$` : pattern)
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function abbreviated(text: string, anything: string): RegExp {
  return new RegExp(`^${escaped(text).replaceAll('…', anything)}$`)
}

/** A line of a shell without the comment at its end. */
export function sameCommand(line: string): string {
  return line.replace(/\s+#.*$/, '').trim()
}

/** The cells of the table in a Markdown text whose header begins with `header`. Throws if there is none. */
export function tableRows(markdown: string, header: string): string[][] {
  const [, table] = markdown.split(`\n| ${header}`)
  if (table === undefined) throw new Error(`There is no table "${header}"`)
  const lines = table.split('\n\n', 1)[0]?.trim().split('\n').slice(2) ?? []
  return lines.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}
