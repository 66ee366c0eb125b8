import { describe, expect, it } from 'vitest'
import { editDistance } from '../../src/lib/edit-distance'

describe('editDistance', () => {
  it.each([
    ['tickets', 'tickets', 0],
    ['ticket', 'tickets', 1],
    ['tickets', 'ticket', 1],
    ['tockets', 'tickets', 1],
    ['tikcets', 'tickets', 1],
    ['itckest', 'tickets', 2],
    ['', 'ab', 2],
    ['ab', 'ba', 1],
    ['abc', 'cab', 2],
    ['a', 'b', 1],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b, 2)).toBe(distance)
    expect(editDistance(b, a, 2)).toBe(distance)
  })

  it.each([
    ['abcd', 'wxyz', 3],
    ['a', 'abcd', 2],
    ['tickets', 'ticket', 0],
  ])('of %j and %j is more than %i', (a, b, max) => {
    expect(editDistance(a, b, max)).toBe(Number.POSITIVE_INFINITY)
  })
})
