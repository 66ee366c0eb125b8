import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hit, type RateLimitWindow } from '../../src/access/window'

const MINUTE = 60_000
const NOON = 29_000_000 * MINUTE

function run(times: number[], limit: number, window: RateLimitWindow = { minute: 0, count: 0 }): boolean[] {
  let current = window
  return times.map((now) => {
    const counted = hit(current, now, limit)
    current = counted.window
    return counted.rateLimit.admitted
  })
}

describe('hit', () => {
  it('admits exactly the limit in a minute', () => {
    expect(run([NOON, NOON + 1, NOON + 59_998, NOON + 59_999], 3)).toEqual([true, true, true, false])
  })

  it('starts again at the first millisecond of the next minute', () => {
    expect(run([NOON + 59_999, NOON + 59_999, NOON + 60_000, NOON + 60_000], 1)).toEqual([true, false, true, false])
  })

  it('returns the limit, the remaining requests and the end of the minute in whole seconds', () => {
    const first = hit({ minute: 0, count: 0 }, NOON + 30_500, 100)
    expect(first.rateLimit).toEqual({ admitted: true, limit: 100, remaining: 99, resetAt: (NOON + MINUTE) / 1_000 })
    expect(first.window).toEqual({ minute: NOON / MINUTE, count: 1 })
    expect(hit(first.window, NOON, 100).rateLimit.remaining).toBe(98)
  })

  it('does not count rejected requests', () => {
    const full = { minute: NOON / MINUTE, count: 5 }
    const { window, rateLimit } = hit(full, NOON, 5)
    expect(rateLimit).toMatchObject({ admitted: false, remaining: 0 })
    expect(window).toEqual(full)
    expect(hit(window, NOON, 6).rateLimit).toMatchObject({ admitted: true, remaining: 0 })
  })

  it('never returns a negative number after the limit was lowered', () => {
    const { rateLimit } = hit({ minute: NOON / MINUTE, count: 250 }, NOON, 100)
    expect(rateLimit).toMatchObject({ admitted: false, limit: 100, remaining: 0 })
  })

  it('starts no new minute when the clock goes back', () => {
    const full = { minute: NOON / MINUTE, count: 2 }
    expect(run([NOON - 1, NOON - MINUTE, NOON + 59_999, NOON + MINUTE], 2, full)).toEqual([false, false, false, true])
    expect(hit(full, NOON - MINUTE, 2).rateLimit.resetAt).toBe((NOON + MINUTE) / 1_000)
  })
})

describe('SEC-20 hit under any clock', () => {
  const LIMIT = 3

  it('starts a new minute when the stored one would end more than two minutes from now', () => {
    const full = { minute: NOON / MINUTE, count: LIMIT }
    expect(run([NOON - MINUTE - 1], LIMIT, full)).toEqual([true])
    expect(run([NOON - MINUTE], LIMIT, full)).toEqual([false])
  })

  it('admits a request every minute after one request a day ahead', () => {
    const times = [NOON + 1_440 * MINUTE, ...Array.from({ length: 300 }, (_, minute) => NOON + minute * MINUTE)]
    expect(run(times, 100)).toEqual(times.map(() => true))
  })

  it('admits at most the limit in each minute if the clocks differ by up to a minute', () => {
    const requests = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: -30_000, max: 30_000 })),
      {
        size: 'medium',
      },
    )
    fc.assert(
      fc.property(requests, (all) => {
        const admitted = new Map<number, number>()
        let window: RateLimitWindow = { minute: 0, count: 0 }
        let real = NOON
        for (const [elapsed, error] of all) {
          real += elapsed
          const result = hit(window, real + error, LIMIT)
          expect(result.window.minute).toBeGreaterThanOrEqual(window.minute)
          window = result.window
          if (result.rateLimit.admitted) admitted.set(window.minute, (admitted.get(window.minute) ?? 0) + 1)
        }
        expect(Math.max(0, ...admitted.values())).toBeLessThanOrEqual(LIMIT)
      }),
    )
  })

  it('never makes a caller wait for more than 120 seconds, and counts every minute from the start to its end', () => {
    const small = fc.integer({ min: -5_000, max: 5_000 })
    const large = fc.integer({ min: -2_000 * MINUTE, max: 2_000 * MINUTE })
    fc.assert(
      fc.property(fc.array(fc.oneof(small, large), { size: 'medium' }), (changes) => {
        let window: RateLimitWindow = { minute: 0, count: 0 }
        let now = NOON
        let admitted = 0
        for (const change of changes) {
          now += change
          const { window: next, rateLimit } = hit(window, now, LIMIT)
          if (next.minute !== window.minute) admitted = 0
          if (rateLimit.admitted) admitted += 1
          window = next
          expect(admitted).toBeLessThanOrEqual(LIMIT)
          expect(rateLimit.remaining).toBe(LIMIT - admitted)
          expect(rateLimit.resetAt * 1_000 - now).toBeLessThanOrEqual(120_000)
          expect(rateLimit.resetAt * 1_000).toBeGreaterThan(now)
        }
      }),
    )
  })
})
