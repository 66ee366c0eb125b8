import { describe, expect, it } from 'vitest'
import { toDbError } from '../../src/db/errors'
import { isTransient } from '../../src/lib/retry'

// https://developers.cloudflare.com/d1/observability/debug-d1/#error-list
const RETRIED = [
  'D1 DB reset because its code was updated.',
  'Internal error while starting up D1 DB storage caused object to be reset.',
  'Network connection lost.',
  'Internal error in D1 DB storage caused object to be reset.',
  'Cannot resolve D1 DB due to transient issue on remote node.',
]
const OVERLOADED = [
  'D1 DB is overloaded. Requests queued for too long.',
  'D1 DB is overloaded. Too many requests queued.',
]
const OTHERS = [
  "Can't read from request stream because client disconnected.",
  'D1 DB storage operation exceeded timeout which caused object to be reset.',
  "D1 DB's isolate exceeded its memory limit and was reset.",
  'D1 DB exceeded its CPU time limit and was reset.',
  'no such table: tickets',
]

const failureOf = (message: string) => {
  const error = toDbError(new Error(`D1_ERROR: ${message}`))
  return { kind: error.failure.kind, isRetried: isTransient(error), isOverloaded: error.overloaded }
}

describe('an error of D1', () => {
  it.each(RETRIED)('is retried: %s', (message) => {
    expect(failureOf(message)).toEqual({ kind: 'transient', isRetried: true, isOverloaded: false })
  })

  it.each(OVERLOADED)('is an overload and not retried: %s', (message) => {
    expect(failureOf(message)).toEqual({ kind: 'overloaded', isRetried: false, isOverloaded: true })
  })

  it.each(OTHERS)('is not retried: %s', (message) => {
    expect(failureOf(message)).toEqual({ kind: 'unavailable', isRetried: false, isOverloaded: false })
  })

  it.each([undefined, 'Network connection lost.', { retryable: true }])('is unavailable if it is %j', (thrown) => {
    expect(toDbError(thrown).failure).toEqual({ kind: 'unavailable' })
  })
})
