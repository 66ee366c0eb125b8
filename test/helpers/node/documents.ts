import { readFileSync } from 'node:fs'
import { ROOT } from '../../../scripts/lib/local-state.ts'

export interface Example {
  language: 'sh' | 'ts'
  code: string
  shown: { kind: 'json' | 'text'; text: string } | null
  /** Such as `README.md:42`. */
  location: string
}

const BLOCK = /^```(\w*)\n(.*?)^```$/gms

/** A block of JSON or text right after an example is its output. */
export function examplesOf(path: string): Example[] {
  const markdown = readFileSync(`${ROOT}${path}`, 'utf8')
  const examples: Example[] = []
  let end = 0
  for (const match of markdown.matchAll(BLOCK)) {
    const [block, language, text = ''] = match
    const last = examples.at(-1)
    const isRightAfter = markdown.slice(end, match.index).trim() === ''
    if (language === 'sh' || language === 'ts') {
      const line = markdown.slice(0, match.index).split('\n').length + 1
      examples.push({ language, code: text, shown: null, location: `${path}:${line}` })
    } else if ((language === 'json' || language === 'text') && last && isRightAfter)
      last.shown = { kind: language, text }
    end = match.index + block.length
  }
  return examples
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/**
 * Reports other keys and other values. Times may differ, a text that ends in `…` may continue, and JSON for readers may
 * be formatted in any way.
 */
export function differencesFromShown(shown: unknown, actual: unknown, path = '$'): string[] {
  if (typeof shown === 'string' && typeof actual === 'string') {
    if (TIME.test(shown) && TIME.test(actual)) return []
    if (shown.endsWith('…') && actual.startsWith(shown.slice(0, -1))) return []
  }
  if (typeof shown !== 'object' || typeof actual !== 'object' || shown === null || actual === null)
    return shown === actual ? [] : [`${path}: ${JSON.stringify(shown)} is shown, ${JSON.stringify(actual)} is answered`]
  const actuals = new Map<string, unknown>(Object.entries(actual))
  const shownKeys = Object.keys(shown)
  const missing = [...actuals.keys()].filter((key) => !shownKeys.includes(key))
  return [
    ...missing.map((key) => `${path}.${key} is answered, but not shown`),
    ...Object.entries(shown).flatMap(([key, value]) => differencesFromShown(value, actuals.get(key), `${path}.${key}`)),
  ]
}

/** Allows any time, any count after `#`, and any text for `…`. */
export function patternOfShown(text: string): RegExp {
  const literal = text.trimEnd().replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const free = literal.replace(/\d\d:\d\d:\d\d/g, '\\d\\d:\\d\\d:\\d\\d').replace(/ {2}#\d+/g, '  #\\d+')
  return new RegExp(free.replaceAll('…', '\\S*'))
}
