import { DETAIL_CODES, type DetailCode, type ErrorDetail, type ServiceErrorCode } from '../../src/core/errors'
import { DETAIL_SENTENCES, MESSAGES, RULES } from '../http/messages'

const RULE_PATTERNS = DETAIL_CODES.map((code) => ({
  code,
  rules: RULES[code].map((rule) => new RegExp(`^\\S.*? ${sourceOf(rule)}$`, 's')),
  sentences: (DETAIL_SENTENCES[code] ?? []).map(patternOf),
}))

const cached = new Map<ServiceErrorCode, RegExp[]>()

export function isKnownMessage(code: ServiceErrorCode, message: string): boolean {
  const patterns = cached.get(code) ?? MESSAGES[code].map(patternOf)
  cached.set(code, patterns)
  return patterns.some((pattern) => pattern.test(message))
}

/** The codes that a detail with this message may have. */
export function codesOf(message: string): DetailCode[] {
  return RULE_PATTERNS.filter(({ rules, sentences }) =>
    [...rules, ...sentences].some((pattern) => pattern.test(message)),
  ).map(({ code }) => code)
}

/** For tables of messages that have one code each. */
export function detailWith(field: string, message: string): ErrorDetail {
  const [code, ...others] = codesOf(message)
  if (code === undefined || others.length > 0) throw new Error(`${message} must have one code in messages.ts`)
  return { field, message, code }
}

function patternOf(message: string): RegExp {
  return new RegExp(`^${sourceOf(message)}$`, 's')
}

function sourceOf(message: string): string {
  return message
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replaceAll('{n}', '[\\d,]+')
    .replaceAll('{…}', '.+')
}
