import { afterEach, describe, expect, it, vi } from 'vitest'
import { nextAttemptAt, readRetryAfter } from '../../src/webhooks/retry-schedule'

const NOW = Date.UTC(2026, 10, 24, 12)
const DAY = 86_400_000
const SCHEDULE = [5, 300]

afterEach(() => {
  vi.restoreAllMocks()
})

function delays(attempts: number, retryAfter: number | null): number[] {
  return [0, 0.5, 0.75].map((random) => {
    vi.spyOn(Math, 'random').mockReturnValue(random)
    return (nextAttemptAt(SCHEDULE, attempts, retryAfter, NOW) ?? Number.NaN) - NOW
  })
}

describe('nextAttemptAt', () => {
  it.each([
    [1, [4_000, 5_000, 5_500]],
    [2, [240_000, 300_000, 330_000]],
  ])('follows the schedule after %i attempts, up to 20 % earlier or later', (attempts, expected) => {
    expect(delays(attempts, null)).toEqual(expected)
  })

  it.each([
    ['shorter', 0, [4_000, 5_000, 5_500]],
    ['in between', 5_200, [5_200, 5_200, 5_500]],
    ['longer', 60_000, [60_000, 60_000, 60_000]],
    ['of a day', DAY, [DAY, DAY, DAY]],
    ['longer than a day', DAY + 1, [DAY, DAY, DAY]],
  ])('waits for a Retry-After that is %s, a day at most', (_, retryAfter, expected) => {
    expect(delays(1, retryAfter)).toEqual(expected)
  })

  it('returns whole milliseconds', () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.000_31)
    expect(nextAttemptAt(SCHEDULE, 1, null, 0)).toBe(4_001)
  })

  it.each([-1, 0, 3])('returns null after %i attempts, outside the schedule', (attempts) => {
    expect(nextAttemptAt(SCHEDULE, attempts, DAY, NOW)).toBeNull()
  })
})

describe('readRetryAfter', () => {
  it.each([
    ['0', 0],
    ['120', 120_000],
    ['9'.repeat(15), 999_999_999_999_999_000],
    ['Tue, 24 Nov 2026 12:01:30 GMT', 90_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
  ])('reads %s', (header, expected) => {
    expect(readRetryAfter(header, NOW)).toBe(expected)
  })

  it.each([
    ...[null, '', ' ', '-1', 'abc', '1.5', '1 ', ' 1', 'x1', '1x', '9'.repeat(16)],
    ...['2026-11-24T12:01:30Z', 'Tue, 24 Nov 2026', 'Xyz, 99 Nov 2026 12:00:00 GMT'],
    ...['Tue, 24 Nov 2026 12:01:30 GMT+1', 'x Tue, 24 Nov 2026 12:01:30 GMT', 'TUE, 24 Nov 2026 12:01:30 GMT'],
    ...['Tuesday, 24 Nov 2026 12:01:30 GMT', 'Tue, 4 Nov 2026 12:01:30 GMT', 'Tue, 24 November 2026 12:01:30 GMT'],
    ...['Tue, 24 NOV 2026 12:01:30 GMT', 'Tue, 24 nov 2026 12:01:30 GMT', 'tue, 24 Nov 2026 12:01:30 GMT'],
    ...['Tue, 24 Nov 226 12:01:30 GMT', 'Tue, 24 Nov 2026 2:01:30 GMT', 'Tue, 24 Nov 2026 12:1:30 GMT'],
    ...['Tue, 24 Nov 2026 12:01:3 GMT', 'Tue, 24 Nov 2026 12:01:30'],
  ])('returns null for %j', (header) => {
    expect(readRetryAfter(header, NOW)).toBeNull()
  })
})
