import { describe, expect, it } from 'vitest'
import { ExpiringSet } from '../../src/lib/expiring-set'

describe('ExpiringSet', () => {
  it('contains a text until its time', () => {
    const set = new ExpiringSet(10)
    set.add('a', 1_000)
    expect([set.has('a', 999), set.has('b', 999)]).toEqual([true, false])
    expect([set.has('a', 1_000), set.size]).toEqual([false, 0])
  })

  it('contains a text that is added again until the later time', () => {
    const set = new ExpiringSet(10)
    set.add('a', 1_000)
    set.add('a', 2_000)
    expect([set.has('a', 1_999), set.size]).toEqual([true, 1])
  })

  it('forgets a text that is deleted', () => {
    const set = new ExpiringSet(10)
    set.add('a', 1_000)
    set.delete('a')
    set.delete('b')
    expect([set.has('a', 0), set.size]).toEqual([false, 0])
  })

  it('never exceeds its capacity: it drops the text that was added first', () => {
    const set = new ExpiringSet(100)
    for (let i = 0; i < 1_000; i += 1) {
      set.add(`text ${i}`, 1_000)
      expect(set.size).toBe(Math.min(100, i + 1))
    }
    set.add('text 900', 1_000)
    set.add('another', 1_000)
    expect(['text 900', 'text 901', 'text 902', 'another'].map((text) => set.has(text, 0))).toEqual([
      true,
      false,
      true,
      true,
    ])
  })
})
