import { z } from '@hono/zod-openapi'
import { cleaned } from '../lib/text'
import type { ErrorDetail } from './errors'

const MAX_FIELD = 100
const MAX_DETAILS = 50

type RawIssue = Parameters<NonNullable<NonNullable<ReturnType<typeof z.config>>['customError']>>[0]

z.config({ customError: ruleOf })

/**
 * The rule an issue breaks, to stand behind the field's name: `must be one of: low, medium, high, critical`. Schemas
 * that know better give their own words.
 */
function ruleOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return 'is required'
      if (Array.isArray(issue.input) && issue.expected === 'string') return 'must be a single string'
      return `must be ${article(String(issue.expected))}`
    case 'invalid_value':
      return `must be one of: ${issue.values.join(', ')}`
    case 'too_small':
      return `must hold at least ${counted(issue.minimum, issue.origin)}`
    case 'too_big':
      return `must hold at most ${counted(issue.maximum, issue.origin)}`
    default:
      return 'is not valid'
  }
}

function counted(count: number | bigint, origin: string): string {
  const unit = origin === 'string' ? 'character' : 'item'
  return `${count} ${Number(count) === 1 ? unit : `${unit}s`}`
}

function article(type: string): string {
  const name = type === 'int' ? 'integer' : type
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

/** What a request part is called where the whole of it is wrong, and what its unknown keys are called. */
const PARTS = {
  json: { whole: 'body', unknown: 'field' },
  query: { whole: 'query', unknown: 'parameter' },
  param: { whole: 'path', unknown: 'parameter' },
  header: { whole: 'headers', unknown: 'header' },
  form: { whole: 'body', unknown: 'field' },
  cookie: { whole: 'cookies', unknown: 'cookie' },
} as const

/**
 * The issues of one validation as the contract's details: a dotted path and a sentence about the field. At most 50, of
 * which the last says how many are left out; only those that are shown are put into words.
 */
export function detailsOf(error: z.core.$ZodError, target: keyof typeof PARTS): ErrorDetail[] {
  const part = PARTS[target]
  const problems = withoutEchoes(error.issues).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], rule: `is not a known ${part.unknown}` }))
      : [{ path: issue.path, rule: issue.message }],
  )
  const shown = problems.length > MAX_DETAILS ? problems.slice(0, MAX_DETAILS - 1) : problems
  const details = shown.map(({ path, rule }) => detail(path, rule, part.whole))
  const left = problems.length - shown.length
  return left === 0 ? details : [...details, { field: part.whole, message: `${left} more problems are not listed` }]
}

/**
 * Zod measures a string that should have been an array: beside its wrong type, its length says nothing. Nor does a second
 * rule of a field that is broken and has the same words.
 */
function withoutEchoes(issues: z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path.join('.')))
  const said = new Map(issues.map((issue) => [[...issue.path, issue.message].join('.'), issue]))
  return [...said.values()].filter(({ code, path }) => code === 'invalid_type' || !mistyped.has(path.join('.')))
}

/** `['attachments', 0, 'mime_type']` and a rule as `{field: 'attachments.0.mime_type', message: 'Mime type …'}`. */
export function detail(path: readonly PropertyKey[], rule: string, whole = 'body'): ErrorDetail {
  const names = path.map((part) => String(part).slice(0, MAX_FIELD))
  const name = names.findLast((part) => /\D/.test(part)) ?? names.at(-1) ?? whole
  const words = cut(name.replaceAll('_', ' ').trim() || name)
  return {
    field: cut(names.join('.') || whole),
    message: `${words.charAt(0).toUpperCase()}${words.slice(1)} ${rule}`,
  }
}

/** The first characters of a name that a caller chose; in place of what no text may hold is U+FFFD. */
function cut(name: string): string {
  return cleaned(name.slice(0, MAX_FIELD))
}
