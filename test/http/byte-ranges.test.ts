import { describe, expect, it } from 'vitest'
import { parseRange } from '../../src/http/byte-ranges'

const SIZE = 10

describe('parseRange', () => {
  it.each([
    ['bytes=0-0', { offset: 0, length: 1 }],
    ['bytes=0-6', { offset: 0, length: 7 }],
    ['bytes=3-6', { offset: 3, length: 4 }],
    ['bytes=9-9', { offset: 9, length: 1 }],
    ['bytes=0-9', { offset: 0, length: 10 }],
    ['bytes=0-10', { offset: 0, length: 10 }],
    ['bytes=9-99', { offset: 9, length: 1 }],
    ['bytes=0-', { offset: 0, length: 10 }],
    ['bytes=9-', { offset: 9, length: 1 }],
    ['bytes=-1', { offset: 9, length: 1 }],
    ['bytes=-10', { offset: 0, length: 10 }],
    ['bytes=-11', { offset: 0, length: 10 }],
    ['bytes=-12345', { offset: 0, length: 10 }],
    ['bytes=0012-0013', 'unsatisfiable'],
    ['bytes=10-', 'unsatisfiable'],
    ['bytes=10-12', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['BYTES=0-1', { offset: 0, length: 2 }],
    ['bytes \t= \t1 \t- \t23 \t', { offset: 1, length: 9 }],
    ['bytes = - 23 \t', { offset: 0, length: 10 }],
    ['bytes \t= \t- \t2 \t', { offset: 8, length: 2 }],
  ])('returns the part of %j', (header, expected) => {
    expect(parseRange(header, SIZE)).toEqual(expected)
  })

  it.each([
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'bytes=0-1-2',
    'bytes=--1',
    'xbytes=0-1',
    'bytesx=0-1',
    'bytes=x0-1',
    'bytes=0x-1',
    'bytes=0-x1',
    'bytes=0-1x',
    'bytes=-1x',
    'bytes=-x1',
    'items=0-1',
  ])('returns null for %j', (header) => {
    expect(parseRange(header, SIZE)).toBeNull()
  })

  it('returns no part of an empty file', () => {
    expect(parseRange('bytes=-1', 0)).toBeNull()
    expect(parseRange('bytes=-0', 0)).toBe('unsatisfiable')
    expect(parseRange('bytes=0-', 0)).toBe('unsatisfiable')
  })
})
