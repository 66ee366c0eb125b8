import { z } from '@hono/zod-openapi'
import { cleaned } from '../lib/text'
import type { ErrorDetail } from './errors'

const MAX_FIELD = 100
const MAX_DETAILS = 50

type RawIssue = Parameters<NonNullable<NonNullable<ReturnType<typeof z.config>>['customError']>>[0]

z.config({ customError: ruleOf })

/** The default message, which follows the name of a field: `must be one of: low, medium, high, critical`. */
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

/** The name of each input of a request, and of its keys. */
const INPUTS = {
  json: { name: 'body', key: 'field' },
  query: { name: 'query', key: 'parameter' },
  param: { name: 'path', key: 'parameter' },
  header: { name: 'headers', key: 'header' },
  form: { name: 'body', key: 'field' },
  cookie: { name: 'cookies', key: 'cookie' },
} as const

/** At most 50: the last one says how many are omitted. */
export function detailsOf(error: z.core.$ZodError, target: keyof typeof INPUTS): ErrorDetail[] {
  const input = INPUTS[target]
  const problems = withoutDuplicates(error.issues).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], rule: `is not a known ${input.key}` }))
      : [{ path: issue.path, rule: issue.message }],
  )
  const shown = problems.length > MAX_DETAILS ? problems.slice(0, MAX_DETAILS - 1) : problems
  const details = shown.map(({ path, rule }) => detail(path, rule, input.name))
  const omitted = problems.length - shown.length
  return omitted === 0
    ? details
    : [...details, { field: input.name, message: `${omitted} more problems are not listed` }]
}

/** Drops issues about the length of a value of the wrong type (Zod also checks that), and repeated messages of a field. */
function withoutDuplicates(issues: z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path.join('.')))
  const unique = new Map(issues.map((issue) => [[...issue.path, issue.message].join('.'), issue]))
  return [...unique.values()].filter(({ code, path }) => code === 'invalid_type' || !mistyped.has(path.join('.')))
}

/** `['attachments', 0, 'mime_type']` and a rule as `{field: 'attachments.0.mime_type', message: 'Mime type …'}`. */
export function detail(path: readonly PropertyKey[], rule: string, root = 'body'): ErrorDetail {
  const names = path.map((part) => String(part).slice(0, MAX_FIELD))
  const name = names.findLast((part) => /\D/.test(part)) ?? names.at(-1) ?? root
  const words = cut(name.replaceAll('_', ' ').trim() || name)
  return {
    field: cut(names.join('.') || root),
    message: `${words.charAt(0).toUpperCase()}${words.slice(1)} ${rule}`,
  }
}

function cut(name: string): string {
  return cleaned(name.slice(0, MAX_FIELD))
}
