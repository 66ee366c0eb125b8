import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/core/errors'
import {
  CursorPagination,
  CursorQuery,
  cursorOrPage,
  encodePosition,
  fitsWithin,
  PageOrCursorQuery,
  type Position,
  paginateByCursor,
  positionSchema,
  readCursor,
  toPage,
  windowFrom,
  writeCursor,
} from '../../src/http/pagination/cursor'

const READER = { bookmark: null, notBefore: () => undefined }
const SCOPE = { list: 'things', accountId: 'acct_1', status: undefined, type: ['a', 'b'] }
const NumberPosition = z.number().int().min(0)

function rejection(scope: Record<string, unknown>, cursor: string): unknown {
  try {
    return readCursor(READER, scope, cursor, NumberPosition)
  } catch (error) {
    return error instanceof ServiceError ? [error.status, error.code, error.details] : error
  }
}

const REJECTED = [
  400,
  'invalid_input',
  [{ field: 'cursor', message: 'Cursor does not belong to this list and these filters', code: 'invalid_value' }],
]
const INCOMPLETE = [
  400,
  'invalid_input',
  [
    {
      field: 'cursor',
      message: 'Cursor is not a complete cursor: send next_cursor of a response',
      code: 'invalid_format',
    },
  ],
]

const encode = (content: unknown) => Buffer.from(JSON.stringify(content)).toString('base64url')
const nameOf = (cursor: string) => JSON.parse(Buffer.from(cursor, 'base64url').toString())[0]

describe('a cursor', () => {
  it.each([0, 1, 2 ** 53 - 1])('is read as the position it was written for: %i', (position) => {
    const cursor = writeCursor(READER, SCOPE, position)
    expect(cursor).toMatch(/^[\w-]{1,100}$/)
    expect(readCursor(READER, SCOPE, cursor, NumberPosition)).toBe(position)
  })

  it('is read as any JSON position of the list', () => {
    const position = { towards: 'older', beyond: ['é😀', -1.5, null] }
    const Any = z.object({ towards: z.string(), beyond: z.array(z.unknown()) })
    expect(readCursor(READER, SCOPE, writeCursor(READER, SCOPE, position), Any)).toEqual(position)
  })

  it('contains its list in eight characters', () => {
    expect(nameOf(writeCursor(READER, SCOPE, 7))).toHaveLength(8)
  })

  it.each([undefined, ''])('that is %j starts', (cursor) => {
    expect(readCursor(READER, SCOPE, cursor, NumberPosition)).toBeNull()
  })

  it('does not distinguish an absent filter from one that is undefined', () => {
    const { status, ...others } = SCOPE
    expect(readCursor(READER, others, writeCursor(READER, SCOPE, 7), NumberPosition)).toBe(7)
  })

  it.each([
    ['list', { list: 'others' }],
    ['account', { accountId: 'acct_2' }],
    ['filter', { status: 'open' }],
    ['filter with more values', { type: ['a', 'b', 'c'] }],
    ['filter with values that run together', { type: ['a,b'] }],
    ['removed filter', { type: undefined }],
  ])('is rejected by another %s', (_name, change) => {
    expect(rejection({ ...SCOPE, ...change }, writeCursor(READER, SCOPE, 7))).toEqual(REJECTED)
  })

  const name = nameOf(writeCursor(READER, SCOPE, 7))
  it.each([
    ['a word', 'nonsense'],
    ['a number', '12'],
    ['another encoding', writeCursor(READER, SCOPE, 7).replace(/^./, '%')],
    ['the first half', writeCursor(READER, SCOPE, 7).slice(0, 10)],
    ['null', encode(null)],
    ['a list that is empty', encode([])],
    ['a position without a list', encode([7])],
    ['a list without a position', encode([name])],
    ['with a bookmark that is not text', encode([name, 7, 7])],
    ['longer than the maximum', encode([name, 7, null, 7])],
    ['an object', encode({ 0: name, 1: 7, 2: null })],
    ['deep nesting', Buffer.from('['.repeat(300)).toString('base64url')],
  ])('is rejected: %s', (_name, cursor) => {
    expect(rejection(SCOPE, cursor)).toEqual(INCOMPLETE)
  })

  it.each([
    ['below the first', encode([name, -1, null])],
    ['of another kind', encode([name, '7', null])],
    ['that is not a number', encode([name, null, null])],
    ['that is not whole', encode([name, 7.5, null])],
  ])('is rejected with a position %s', (_name, cursor) => {
    expect(rejection(SCOPE, cursor)).toEqual(REJECTED)
  })

  it('made by hand is read if its list and form are valid: those above fail for their one difference', () => {
    for (const content of [
      [name, 7, null],
      [name, 7],
    ])
      expect(readCursor(READER, SCOPE, encode(content), NumberPosition)).toBe(7)
  })
})

describe('a bookmark', () => {
  /** A reader that has seen `bookmark`, and the age it must not read beyond. */
  function readerOf(bookmark: string | null) {
    const notBeforeCalls: string[] = []
    return { bookmark, notBefore: (known: string) => notBeforeCalls.push(known), notBeforeCalls }
  }

  it.each([
    ['00000001-00000002-00000003-abc', ['00000001-00000002-00000003-abc']],
    [null, []],
  ])('%s is applied by the reader of the cursor', (bookmark, expected) => {
    const reader = readerOf('00000009-00000009-00000009-fff')
    expect(readCursor(reader, SCOPE, writeCursor(readerOf(bookmark), SCOPE, 7), NumberPosition)).toBe(7)
    expect(reader.notBeforeCalls).toEqual(expected)
  })

  it('of a cursor of another list is ignored', () => {
    const reader = readerOf(null)
    const cursor = writeCursor(readerOf('00000001-00000002-00000003-abc'), { ...SCOPE, list: 'others' }, 7)
    expect(() => readCursor(reader, SCOPE, cursor, NumberPosition)).toThrow(ServiceError)
    expect(reader.notBeforeCalls).toEqual([])
  })
})

describe('toPage', () => {
  const PER_PAGE = 3
  const letters = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  /** Like a query: rows after a position in the direction of the cursor, one more than the page. */
  function pageOf(position: Position<string> | null, of = letters) {
    const window = windowFrom(position, PER_PAGE)
    const backwards = 'direction' in window && window.direction === 'prev'
    const after = ('after' in window && window.after) || null
    const ahead = of.filter((letter) => after === null || (backwards ? letter < after : letter > after))
    const found = (backwards ? ahead.toReversed() : ahead).slice(0, window.limit)
    const { shown, cursors } = toPage(
      found,
      PER_PAGE,
      position,
      (letter) => letter,
      (at) => JSON.stringify(at),
    )
    const parse = (cursor: string | null) =>
      cursor === null ? null : positionSchema(z.string()).parse(JSON.parse(cursor))
    return { shown: shown.join(''), next: parse(cursors.next), prev: parse(cursors.prev) }
  }

  it.each<[shown: string, Position<string> | null, next: string | null, prev: string | null]>([
    ['abc', null, 'c', null],
    ['abc', { direction: 'next', key: null }, 'c', 'a'],
    ['def', { direction: 'next', key: 'c' }, 'f', 'd'],
    ['fgh', { direction: 'next', key: 'e' }, null, 'f'],
    ['gh', { direction: 'next', key: 'f' }, null, 'g'],
    ['fgh', { direction: 'prev', key: null }, 'h', 'f'],
    ['bcd', { direction: 'prev', key: 'e' }, 'd', 'b'],
    ['abc', { direction: 'prev', key: 'd' }, 'c', null],
    ['ab', { direction: 'prev', key: 'c' }, 'b', null],
  ])('returns %s from %j', (shown, position, next, prev) => {
    const page = pageOf(position)
    const cursor = (direction: 'next' | 'prev', key: string | null) => (key === null ? null : { direction, key })
    expect(page).toEqual({ shown, next: cursor('next', next), prev: cursor('prev', prev) })
    if (page.next)
      expect(pageOf(page.next).shown.at(0) ?? '~').toSatisfy((letter: string) => letter > (shown.at(-1) ?? ''))
  })

  it.each(['next', 'prev'] as const)(
    'leads back to all rows from after the last row in the direction %s',
    (direction) => {
      const empty = pageOf({ direction, key: direction === 'next' ? 'h' : 'a' })
      expect([empty.shown, empty[direction]]).toEqual(['', null])
      expect(pageOf(empty[direction === 'next' ? 'prev' : 'next']).shown).toBe(direction === 'next' ? 'fgh' : 'abc')
    },
  )
})

describe('the query of a list', () => {
  const messages = (result: z.ZodSafeParseResult<unknown>) =>
    (result.error?.issues ?? []).map(({ code, path, message }) => [code, path.join('.'), message])

  it('accepts a cursor of up to 500 characters', () => {
    const Query = z.strictObject(CursorQuery)
    expect(Query.parse({})).toEqual({})
    expect(Query.parse({ cursor: 'a'.repeat(500), per_page: '5' })).toEqual({ cursor: 'a'.repeat(500), per_page: 5 })
    expect(Query.safeParse({ cursor: 'a'.repeat(501) }).success).toBe(false)
  })

  it('accepts a page or a cursor', () => {
    const Query = z.strictObject(PageOrCursorQuery).superRefine(cursorOrPage)
    for (const query of [{}, { page: '1' }, { cursor: 'a' }]) expect(messages(Query.safeParse(query))).toEqual([])
    expect(messages(Query.safeParse({ page: '1', cursor: 'a' }))).toEqual([
      ['custom', 'page', 'must not be used together with cursor'],
    ])
  })
})

describe('positionSchema', () => {
  const Positions = positionSchema(z.number())

  it.each([
    { towards: 'next', place: 7 },
    { towards: 'prev', place: null },
  ])('reads %j', (position) => {
    expect(Positions.parse(position)).toEqual({ direction: position.towards, key: position.place })
    expect(encodePosition(Positions.parse(position))).toEqual(position)
  })

  it.each([{ towards: '', place: 7 }, { towards: 'next' }, { towards: 'prev', place: '7' }, { place: 7 }])(
    'rejects %j',
    (position) => {
      expect(Positions.safeParse(position).success).toBe(false)
    },
  )
})

describe('windowFrom', () => {
  it('returns one row more than a page, after the position', () => {
    expect(windowFrom(null, 3)).toEqual({ limit: 4, offset: 0 })
    expect(windowFrom({ direction: 'prev', key: 'c' }, 3)).toEqual({ limit: 4, after: 'c', direction: 'prev' })
  })
})

describe('fitsWithin', () => {
  const MIB = 1_048_576
  const rows = (...sizes: number[]) => sizes.map((bytes_so_far) => ({ bytes_so_far }))

  it.each([
    ['as many rows as fit', rows(1, 2 * MIB, 4 * MIB), 5, 3],
    ['no row beyond 4 MiB', rows(1, 4 * MIB, 4 * MIB + 1), 5, 2],
    ['no more rows than a page', rows(1, 2, 3), 2, 2],
    ['at least one row', rows(9 * MIB), 5, 1],
  ])('counts %s', (_, found, perPage, expected) => {
    expect(fitsWithin(found, perPage)).toBe(expected)
  })
})

describe('paginateByCursor', () => {
  const url = new URL('http://localhost/api/v1/things?status=open&cursor=old&tag=a%20b&per_page=5')

  it('returns URLs that keep every other parameter, and their Link header', () => {
    const { link, pagination } = paginateByCursor(url, 5, { next: 'n-1', prev: 'p_1' })
    const at = (cursor: string) => `/api/v1/things?status=open&cursor=${cursor}&tag=a+b&per_page=5`
    expect(pagination).toEqual({
      per_page: 5,
      next_cursor: 'n-1',
      prev_cursor: 'p_1',
      next_page_url: at('n-1'),
      prev_page_url: at('p_1'),
    })
    expect(CursorPagination.parse(pagination)).toEqual(pagination)
    expect(link).toEqual({ Link: `<${at('p_1')}>; rel="prev", <${at('n-1')}>; rel="next"` })
  })

  it.each([
    [{ next: null, prev: null }, undefined],
    [{ next: 'n', prev: null }, { Link: '</things?cursor=n>; rel="next"' }],
    [{ next: null, prev: 'p' }, { Link: '</things?cursor=p>; rel="prev"' }],
  ])('returns null at an end: %j', (cursors, expected) => {
    const { link, pagination } = paginateByCursor(new URL('http://localhost/things'), 5, cursors)
    expect(link).toEqual(expected)
    expect([pagination.next_page_url === null, pagination.prev_page_url === null]).toEqual([
      cursors.next === null,
      cursors.prev === null,
    ])
  })
})
