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

  it('starts anew at the first millisecond of the next minute, and not before', () => {
    expect(run([NOON + 59_999, NOON + 59_999, NOON + 60_000, NOON + 60_000], 1)).toEqual([true, false, true, false])
  })

  it('tells limit, remaining and the end of the minute in whole seconds', () => {
    const first = hit({ minute: 0, count: 0 }, NOON + 30_500, 100)
    expect(first.rateLimit).toEqual({ admitted: true, limit: 100, remaining: 99, resetAt: (NOON + MINUTE) / 1_000 })
    expect(first.window).toEqual({ minute: NOON / MINUTE, count: 1 })
    expect(hit(first.window, NOON, 100).rateLimit.remaining).toBe(98)
  })

  it('does not count what it refuses', () => {
    const full = { minute: NOON / MINUTE, count: 5 }
    const { window, rateLimit } = hit(full, NOON, 5)
    expect(rateLimit).toMatchObject({ admitted: false, remaining: 0 })
    expect(window).toEqual(full)
    expect(hit(window, NOON, 6).rateLimit).toMatchObject({ admitted: true, remaining: 0 })
  })

  it('never shows less than nothing when the limit was lowered', () => {
    const { rateLimit } = hit({ minute: NOON / MINUTE, count: 250 }, NOON, 100)
    expect(rateLimit).toMatchObject({ admitted: false, limit: 100, remaining: 0 })
  })

  it('gives nobody a new minute when the clock goes back', () => {
    const full = { minute: NOON / MINUTE, count: 2 }
    expect(run([NOON - 1, NOON - 10 * MINUTE, NOON + 59_999, NOON + MINUTE], 2, full)).toEqual([
      false,
      false,
      false,
      true,
    ])
    expect(hit(full, NOON - MINUTE, 2).rateLimit.resetAt).toBe((NOON + MINUTE) / 1_000)
  })
})
