import { expect } from 'vitest'
import type { TestResponse } from '../../test/helpers/api'
import type { NamedOperation } from '../../test/helpers/openapi'
import { CONSTRAINT_MESSAGES } from './constraint-messages'
import { type GeneratedRequest, rejectionStatus } from './generated-request'

const REQUIRED_HEADERS = [
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
 * What `expectDocumented` does not check of every test response: no server error, the documented headers, and a content
 * type exactly if there is a body.
 */
export function expectWellFormed(request: GeneratedRequest, { status, headers, text }: TestResponse): void {
  expect(status, 'a failure of the service').toBeLessThan(500)
  for (const name of REQUIRED_HEADERS) expect(headers.has(name), name).toBe(true)
  const type = headers.get('Content-Type')
  if (status === 204 || status === 304) expect([type, text]).toEqual([null, ''])
  if (status >= 400 && request.method !== 'HEAD') expect(type).toBe('application/json')
  const requestId = request.headers['X-Request-Id']
  if (requestId !== undefined && /^[\w=-]{1,255}$/.test(requestId)) expect(headers.get('X-Request-Id')).toBe(requestId)
}

export function expectRejected(request: GeneratedRequest, statuses: number[], response: TestResponse): void {
  expectWellFormed(request, response)
  expect(statuses, response.text.slice(0, 500)).toContain(response.status)
}

const IMPOSSIBLE_STATUSES = [405, 411, 413, 415]

/** The path names a resource of the other account, or none that exists. */
function isInaccessible({ actor, path }: GeneratedRequest): boolean {
  if (path.includes('__no_')) return true
  return /__\w+_id__/.test(path) && path.startsWith('/api') && path.includes('__other_') !== actor.startsWith('other')
}

/**
 * Expects 401 or 403 exactly for the roles that the document excludes, and 400 only for rules that the document
 * describes in words.
 */
export function expectDocumentedResponse(
  operation: NamedOperation,
  request: GeneratedRequest,
  response: TestResponse,
): void {
  expectWellFormed(request, response)
  const { status, body, text } = response
  const rejection = rejectionStatus(operation, request.actor)
  if (rejection !== null) {
    expect(status, text.slice(0, 500)).toBe(rejection)
    return
  }
  expect(IMPOSSIBLE_STATUSES).not.toContain(status)
  if (isInaccessible(request)) expect(status, 'a resource of another caller is not found').toBeGreaterThanOrEqual(400)
  const checksPassword = /password/i.test(JSON.stringify(operation.requestBody ?? {}))
  if (!checksPassword && operation.security.length > 0) expect([401, 429], text.slice(0, 500)).not.toContain(status)
  if (status !== 400 || request.method === 'HEAD') return
  const undocumented = (body.error.details as { field: string; message: string }[]).filter(
    ({ message }) => !CONSTRAINT_MESSAGES.some(({ rule }) => rule.test(message)),
  )
  expect(undocumented, 'rejected by an undocumented rule').toEqual([])
}
