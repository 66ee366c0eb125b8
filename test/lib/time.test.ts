import { describe, expect, it } from 'vitest'
import { newId } from '../../src/lib/ids'
import { parseInstant, toWireTime } from '../../src/lib/time'

describe('toWireTime', () => {
  it('returns RFC 3339 in UTC to the second, never rounded up', () => {
    expect(toWireTime(Date.UTC(2025, 4, 1, 9, 30))).toBe('2025-05-01T09:30:00Z')
    expect(toWireTime(Date.UTC(2025, 11, 31, 23, 59, 59, 999))).toBe('2025-12-31T23:59:59Z')
  })
})

describe('parseInstant', () => {
  it.each([
    ['2025-05-01', Date.UTC(2025, 4, 1)],
    ['2025-05-01T09:30:00Z', Date.UTC(2025, 4, 1, 9, 30)],
    ['2025-05-01T09:30:00.5Z', Date.UTC(2025, 4, 1, 9, 30, 0, 500)],
    ['2025-05-01T09:30:00.123456789Z', Date.UTC(2025, 4, 1, 9, 30, 0, 123)],
    ['2025-05-01T11:30:00+02:00', Date.UTC(2025, 4, 1, 9, 30)],
    ['2025-05-01T00:30:00-09:00', Date.UTC(2025, 4, 1, 9, 30)],
    ['2025-05-01T23:59:59-23:59', Date.UTC(2025, 4, 2, 23, 58, 59)],
    ['2025-01-31', Date.UTC(2025, 0, 31)],
    ['2025-12-31', Date.UTC(2025, 11, 31)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2000-02-29', Date.UTC(2000, 1, 29)],
    ['0000-02-29', -62_162_121_600_000],
    ['9999-12-31T23:59:59.999999999Z', Date.UTC(9999, 11, 31, 23, 59, 59, 999)],
  ])('reads %s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected)
  })

  it.each([
    '2025-02-30',
    '2025-02-29',
    '1900-02-29',
    `2025-05-01${' '.repeat(26)}`,
    '2025-13-01',
    '2025-00-01',
    '2025-01-00',
    '2025-05-01T24:00:00Z',
    '2025-05-01T09:60:00Z',
    '2025-05-01T09:30:60Z',
    '2025-05-01T09:30:00',
    '2025-05-01T09:30Z',
    '2025-05-01 09:30:00Z',
    '2025-05-01t09:30:00z',
    '2025-05-01T09:30:00+24:00',
    '2025-05-01T09:30:00+02:60',
    '2025-05-01T09:30:00.Z',
    '2025-05-01T09:30:00.1234567890Z',
    '2025-05-01T09:30:00+02',
    '0001-02-29',
    '25-05-01',
    '2025-5-1',
    ' 2025-05-01',
    '2025-05-01\n',
    '1746091800',
    'yesterday',
    '',
  ])('rejects %j', (text) => {
    expect(parseInstant(text)).toBeNull()
  })
})

describe('newId', () => {
  it('returns IDs that sort by time, cannot be guessed and are valid', () => {
    const earlier = newId('ticket', 1_700_000_000_000)
    const later = newId('ticket', 1_700_000_000_001)
    expect(earlier < later).toBe(true)
    expect(earlier).toMatch(/^ticket_[0-9a-z]{26}$/)
    const many = Array.from({ length: 1_000 }, () => newId('evt', 1_700_000_000_000))
    expect(new Set(many).size).toBe(1_000)
    const randomParts = many.map((id) => id.slice(-16))
    expect(new Set(randomParts).size).toBe(1_000)
  })
})
