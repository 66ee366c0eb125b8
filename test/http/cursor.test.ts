import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { paginateByCursor, readCursor, writeCursor } from '../../src/http/cursor'
import { ApiError } from '../../src/http/errors'

const SCOPE = { list: 'things', accountId: 'acct_1', status: undefined, type: ['a', 'b'] }
const Position = z.number().int().min(0)

function refusal(scope: Record<string, unknown>, cursor: string): unknown {
  try {
    return readCursor(scope, cursor, Position)
  } catch (error) {
    return error instanceof ApiError ? [error.status, error.code, error.details] : error
  }
}

const REFUSED = [
  400,
  'invalid_input',
  [{ field: 'cursor', message: 'Cursor must be empty, or a cursor of this very list' }],
]

const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url')
/** What stands in a cursor for its list. */
const nameOf = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString())[0]

describe('a cursor', () => {
  it.each([0, 1, 2 ** 53 - 1])('reads as the position it was written for: %i', (position) => {
    const cursor = writeCursor(SCOPE, position)
    expect(cursor).toMatch(/^[\w-]{1,100}$/)
    expect(readCursor(SCOPE, cursor, Position)).toBe(position)
  })

  it('reads as any JSON that the list stands at', () => {
    const position = { towards: 'older', beyond: ['é😀', -1.5, null] }
    const Any = z.object({ towards: z.string(), beyond: z.array(z.unknown()) })
    expect(readCursor(SCOPE, writeCursor(SCOPE, position), Any)).toEqual(position)
  })

  it.each([undefined, ''])('that is %j starts', (cursor) => {
    expect(readCursor(SCOPE, cursor, Position)).toBeNull()
  })

  it('does not tell an absent filter from one that is undefined', () => {
    const { status, ...others } = SCOPE
    expect(readCursor(others, writeCursor(SCOPE, 7), Position)).toBe(7)
  })

  it.each([
    ['list', { list: 'others' }],
    ['account', { accountId: 'acct_2' }],
    ['filter', { status: 'open' }],
    ['filter with more values', { type: ['a', 'b', 'c'] }],
    ['filter with values that run together', { type: ['a,b'] }],
    ['filter that is gone', { type: undefined }],
  ])('is refused by another %s', (_name, change) => {
    expect(refusal({ ...SCOPE, ...change }, writeCursor(SCOPE, 7))).toEqual(REFUSED)
  })

  const name = nameOf(writeCursor(SCOPE, 7))
  it.each([
    ['a word', 'nonsense'],
    ['a number', '12'],
    ['another encoding', writeCursor(SCOPE, 7).replace(/^./, '%')],
    ['half of one', writeCursor(SCOPE, 7).slice(0, 10)],
    ['null', encode(null)],
    ['a list that is empty', encode([])],
    ['a position without a list', encode([7])],
    ['a list without a position', encode([name])],
    ['more than a position', encode([name, 7, 7])],
    ['an object', encode({ 0: name, 1: 7 })],
    ['a position below the first', encode([name, -1])],
    ['a position of another kind', encode([name, '7'])],
    ['a position that is no number', encode([name, null])],
    ['a position that is not whole', encode([name, 7.5])],
    ['deep nesting', Buffer.from('['.repeat(300)).toString('base64url')],
  ])('is refused that is %s', (_name, cursor) => {
    expect(refusal(SCOPE, cursor)).toEqual(REFUSED)
  })

  it('made by hand is read where list and form are right: those above fail by what they name', () => {
    expect(readCursor(SCOPE, encode([name, 7]), Position)).toBe(7)
  })
})

describe('paginateByCursor', () => {
  const url = new URL('http://localhost/api/v1/things?status=open&cursor=old&tag=a%20b&per_page=5')

  it('gives addresses that keep every other parameter, and their Link header', () => {
    const { link, pagination } = paginateByCursor(url, 5, { next: 'n-1', prev: 'p_1' })
    const at = (cursor: string) => `/api/v1/things?status=open&cursor=${cursor}&tag=a+b&per_page=5`
    expect(pagination).toEqual({
      per_page: 5,
      next_cursor: 'n-1',
      prev_cursor: 'p_1',
      next_page_url: at('n-1'),
      prev_page_url: at('p_1'),
    })
    expect(link).toBe(`<${at('p_1')}>; rel="prev", <${at('n-1')}>; rel="next"`)
  })

  it.each([
    [{ next: null, prev: null }, ''],
    [{ next: 'n', prev: null }, '</things?cursor=n>; rel="next"'],
    [{ next: null, prev: 'p' }, '</things?cursor=p>; rel="prev"'],
  ])('gives null at an end: %j', (cursors, expected) => {
    const { link, pagination } = paginateByCursor(new URL('http://localhost/things'), 5, cursors)
    expect(link).toBe(expected)
    expect([pagination.next_page_url === null, pagination.prev_page_url === null]).toEqual([
      cursors.next === null,
      cursors.prev === null,
    ])
  })
})
