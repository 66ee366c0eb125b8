import { z } from '@hono/zod-openapi'
import { cleaned } from '../lib/text'
import type { DetailCode, ErrorDetail } from './errors'

const MAX_FIELD = 100
const MAX_DETAILS = 50

type Path = readonly PropertyKey[]
type RawIssue = Parameters<NonNullable<NonNullable<ReturnType<typeof z.config>>['customError']>>[0]

const REQUIRED = 'is required'
const ONE_OF = 'must be one of: '

z.config({ customError: ruleOf })

/** The default message, which follows the name of a field: `must be one of: low, medium, high, critical`. */
function ruleOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return REQUIRED
      if (Array.isArray(issue.input) && issue.expected === 'string') return 'must be a single string'
      return `must be ${article(String(issue.expected))}`
    case 'invalid_value':
      return issue.input === undefined ? REQUIRED : `${ONE_OF}${issue.values.join(', ')}`
    case 'too_small':
      return sizeRule('at least', issue.minimum, issue.origin)
    case 'too_big':
      return sizeRule('at most', issue.maximum, issue.origin)
    default:
      return 'is not valid'
  }
}

function sizeRule(bound: string, count: number | bigint, origin: string): string {
  const unit = origin === 'string' ? 'character' : 'item'
  const units = Number(count) === 1 ? unit : `${unit}s`
  return origin === 'string' ? `must be ${bound} ${count} ${units}` : `must have ${bound} ${count} ${units}`
}

function article(type: string): string {
  const name = type === 'int' ? 'integer' : type
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

/** The message and the code of a custom rule, for `refine`. The message follows the name of the field. */
export function rule(code: DetailCode, error: string) {
  return { error, params: { code } }
}

/** Reports a field in a `superRefine` or `transform`. `path` is relative to the schema. */
export function reject(ctx: z.RefinementCtx, code: DetailCode, message: string, path: PropertyKey[] = []): void {
  ctx.addIssue({ code: 'custom', message, params: { code }, path })
}

function codeOf(issue: z.core.$ZodIssue): DetailCode {
  if (issue.message === REQUIRED) return 'required'
  switch (issue.code) {
    case 'custom':
      return issue.params?.code ?? 'invalid_value'
    case 'invalid_type':
    case 'invalid_format':
      return issue.code
    case 'too_small':
      return isNumber(issue.origin) ? 'invalid_value' : 'too_short'
    case 'too_big':
      if (isNumber(issue.origin)) return 'invalid_value'
      return issue.origin === 'string' ? 'too_long' : 'too_many'
    default:
      return 'invalid_value'
  }
}

function isNumber(origin: string): boolean {
  return ['number', 'int', 'bigint'].includes(origin)
}

/** The name of each input of a request, of its keys, and the code of an unknown one. */
const INPUTS = {
  json: { name: 'body', key: 'field', unknown: 'unknown_field' },
  query: { name: 'query', key: 'parameter', unknown: 'unknown_parameter' },
  param: { name: 'path', key: 'parameter', unknown: 'unknown_parameter' },
  header: { name: 'headers', key: 'header', unknown: 'unknown_parameter' },
  form: { name: 'body', key: 'field', unknown: 'unknown_field' },
  cookie: { name: 'cookies', key: 'cookie', unknown: 'unknown_parameter' },
} as const

export function detailsOf(error: z.core.$ZodError, target: keyof typeof INPUTS): ErrorDetail[] {
  const input = INPUTS[target]
  const problems = withoutDuplicates(error.issues).flatMap((issue): Problem[] =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [[...issue.path, key], input.unknown, `is not a known ${input.key}`])
      : [[issue.path, codeOf(issue), issue.message]],
  )
  return toDetails(problems, input.name)
}

export type Problem = [path: Path, code: DetailCode, message: string]

/** At most 50: the last one says how many are omitted. */
export function toDetails(problems: readonly Problem[], root = 'body'): ErrorDetail[] {
  const shown = problems.length > MAX_DETAILS ? problems.slice(0, MAX_DETAILS - 1) : problems
  const details = shown.map(([path, code, message]) => detail(path, code, message, root))
  const omitted = problems.length - shown.length
  return omitted === 0
    ? details
    : [...details, { field: root, message: `${omitted} more problems are not listed`, code: 'too_many' }]
}

/** Drops issues about the length of a value of the wrong type (Zod also checks that), and repeated messages of a field. */
function withoutDuplicates(issues: z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => path.join('.')))
  const unique = new Map(issues.map((issue) => [[...issue.path, issue.message].join('.'), issue]))
  return [...unique.values()].filter(({ code, path }) => code === 'invalid_type' || !mistyped.has(path.join('.')))
}

/** `['attachments', 0, 'mime_type']` and a rule as `{field: 'attachments.0.mime_type', message: 'mime_type must …'}`. */
export function detail(path: Path, code: DetailCode, message: string, root = 'body'): ErrorDetail {
  const isElement = typeof path.at(-1) === 'number'
  const listed = isElement && message.startsWith(ONE_OF)
  const subject = nameOf(listed ? path.slice(0, -1) : path, root)
  const text = listed ? `must contain only: ${message.slice(ONE_OF.length)}` : message
  return { field: dotted(path) || root, message: `${subject} ${text}`, code }
}

/** The last name. An element of a list has that of the list, too: `tags.1`. */
function nameOf(path: Path, root: string): string {
  if (path.length === 0) return asSubject(root)
  const start = path.findLastIndex((part) => typeof part !== 'number')
  return asSubject(dotted(path.slice(Math.max(0, start))))
}

function dotted(path: Path): string {
  return cut(path.map((part) => cut(String(part))).join('.'))
}

const INITIALISMS = new Set(['api', 'id', 'ip', 'json', 'uri', 'url', 'uuid'])

/** A name of one word begins with a capital; any other is written as it was sent. */
function asSubject(name: string): string {
  if (INITIALISMS.has(name)) return name.toUpperCase()
  if (/^[a-z][a-z0-9]*$/.test(name)) return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
  return name.trim() === '' ? JSON.stringify(name) : name
}

function cut(name: string): string {
  return cleaned(name.slice(0, MAX_FIELD))
}
