import { expect } from 'vitest'
import type { Answer } from '../../test/helpers/api'
import type { NamedOperation } from '../../test/helpers/openapi'
import { WORDS } from './constraint-messages'
import { type Draft, refusalOf } from './generated-request'

/** What the document says that every answer carries. */
const ALWAYS = [
  ...[
    'X-Request-Id',
    'Server-Timing',
    'Strict-Transport-Security',
    'Content-Security-Policy',
    'X-Content-Type-Options',
  ],
  ...['X-Frame-Options', 'Referrer-Policy', 'Cross-Origin-Resource-Policy'],
]

/**
 * What every answer must be, beyond what `expectDocumented` says of each that a test gets: no failure of the service, no
 * more than the caller's limit, the headers that the document promises of all, a type exactly where there is a body.
 */
export function expectSound(draft: Draft, { status, headers, text }: Answer): void {
  expect(status, 'a failure of the service').toBeLessThan(500)
  for (const name of ALWAYS) expect(headers.has(name), name).toBe(true)
  const type = headers.get('Content-Type')
  if (status === 204 || status === 304) expect([type, text]).toEqual([null, ''])
  if (status >= 400 && draft.method !== 'HEAD') expect(type).toBe('application/json')
  const asked = draft.headers['X-Request-Id']
  if (asked !== undefined && /^[\w=-]{1,255}$/.test(asked)) expect(headers.get('X-Request-Id')).toBe(asked)
}

/** Fails unless a request that the document does not allow is refused, with a status of those that fit. */
export function expectRefused(draft: Draft, statuses: number[], answer: Answer): void {
  expectSound(draft, answer)
  expect(statuses, answer.text.slice(0, 500)).toContain(answer.status)
}

/** Never the answer to a request that the document allows. */
const NEVER = [405, 411, 413, 415]

/** Whether a path names what is another account's, or nothing at all. */
function isOfNobody({ by, path }: Draft): boolean {
  if (path.includes('__no_')) return true
  return /__\w+_id__/.test(path) && path.startsWith('/api') && path.includes('__other_') !== by.startsWith('other')
}

/**
 * Fails unless a request that the document allows is answered as it tells: 401 and 403 by role exactly where they belong,
 * and 400 only for a rule that the document tells in words.
 */
export function expectTold(operation: NamedOperation, draft: Draft, answer: Answer): void {
  expectSound(draft, answer)
  const { status, body, text } = answer
  const refusal = refusalOf(operation, draft.by)
  if (refusal !== null) {
    expect(status, text.slice(0, 500)).toBe(refusal)
    return
  }
  expect(NEVER).not.toContain(status)
  if (isOfNobody(draft)) expect(status, 'what is not the caller’s is not found').toBeGreaterThanOrEqual(400)
  const asksPassword = /password/i.test(JSON.stringify(operation.requestBody ?? {}))
  if (!asksPassword && operation.security.length > 0) expect([401, 429], text.slice(0, 500)).not.toContain(status)
  if (status !== 400 || draft.method === 'HEAD') return
  const untold = (body.error.details as { field: string; message: string }[]).filter(
    ({ message }) => !WORDS.some(({ rule }) => rule.test(message)),
  )
  expect(untold, 'refused by a rule that the document does not tell').toEqual([])
}
