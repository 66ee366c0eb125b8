import { z } from '@hono/zod-openapi'
import { detail, reject } from '../../core/error-details'
import { type DetailCode, invalidInput, type ServiceError } from '../../core/errors'
import { sha256 } from '../../lib/crypto'
import { NextPageUrl, PageQuery, Pagination, PerPage, PrevPageUrl } from './page'

/** An empty cursor starts at the beginning. */
export const CursorQuery = {
  cursor: z.string().max(500).optional().openapi({
    pattern: '^[\\w-]*$',
    description: 'The `next_cursor` or `prev_cursor` of a response to the same request. Leave it empty to start.',
    example: '',
  }),
  per_page: PageQuery.per_page.openapi({
    description: 'Items per page, at most 100. A page by cursor has at most 4 MiB, so it can be shorter.',
  }),
}

/** Use with `cursorOrPage`. */
export const PageOrCursorQuery = { ...PageQuery, ...CursorQuery }

/** Rejects a query with both. */
export function cursorOrPage(query: { page?: number | undefined; cursor?: string | undefined }, ctx: z.RefinementCtx) {
  if (query.page !== undefined && query.cursor !== undefined)
    reject(ctx, 'conflicting_fields', 'must not be used together with cursor', ['page'])
}

/** The scope, the position and the bookmark. Clients may have stored cursors from before there were bookmarks. */
const Content = z.tuple([z.string(), z.unknown(), z.string().nullable().optional()])

/** The database that reads the list: a page must not be older than the previous one. */
export interface Reader {
  readonly bookmark: string | null
  notBefore(bookmark: string): void
}

/** The list, the account and the filters that a cursor is valid for. */
export type CursorScope = Record<string, unknown>

/** `position` is any JSON. A cursor is not secret and not signed: it gives no access to rows. */
export function writeCursor(reader: Reader, scope: CursorScope, position: unknown): string {
  return Buffer.from(JSON.stringify([scopeName(scope), position, reader.bookmark])).toString('base64url')
}

/**
 * The position in a cursor; null to start at the beginning. The reader then reads nothing older than the page of the cursor.
 * Throws 400 for a cursor of another scope.
 */
export function readCursor<T>(
  reader: Reader,
  scope: CursorScope,
  text: string | undefined,
  Position: z.ZodType<T>,
): T | null {
  if (text === undefined || text === '') return null
  const content = Content.safeParse(parse(text)).data
  if (!content) throw invalidCursor('invalid_format', 'is not a complete cursor: send next_cursor of a response')
  const [name, encoded, bookmark] = content
  const position = name === scopeName(scope) ? Position.safeParse(encoded).data : undefined
  if (position === undefined) throw invalidCursor('invalid_value', 'does not belong to this list and these filters')
  if (bookmark) reader.notBefore(bookmark)
  return position
}

function invalidCursor(code: DetailCode, message: string): ServiceError {
  return invalidInput([detail(['cursor'], code, message)])
}

function parse(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    // Not a cursor.
  }
}

function scopeName(scope: CursorScope): string {
  return sha256(JSON.stringify(scope)).slice(0, 8)
}

/** A page starts after the row with this key, in this direction; with `null`, at that end of the list. */
export interface Position<Key> {
  direction: 'next' | 'prev'
  key: Key | null
}

/** As cursors contain it: those that clients have stored must stay valid. */
interface EncodedPosition<Key> {
  towards: 'next' | 'prev'
  place: Key | null
}

export function positionSchema<Key>(Key: z.ZodType<Key>): z.ZodType<Position<Key>> {
  return z
    .object({ towards: z.enum(['next', 'prev']), place: Key.nullable() })
    .transform(({ towards, place }) => ({ direction: towards, key: place }))
}

export function encodePosition<Key>({ direction, key }: Position<Key>): EncodedPosition<Key> {
  return { towards: direction, place: key }
}

/** With one more row than the page, to find out whether there are more. */
export function windowFrom<Key>(position: Position<Key> | null, perPage: number) {
  const limit = perPage + 1
  return position ? { limit, after: position.key, direction: position.direction } : { limit, offset: 0 }
}

export const MAX_PAGE_BYTES = 4 * 1_024 * 1_024

/** Whether a page of a list by cursor cannot exceed `MAX_PAGE_BYTES`, so that nothing needs to be measured. */
export function fitsAlways({ limit }: { limit: number }, maxRowBytes: number): boolean {
  return limit * maxRowBytes <= MAX_PAGE_BYTES
}

/** A row of a page that ends at `MAX_PAGE_BYTES`: the bytes of the page up to this row. */
export interface Measured {
  bytes_so_far?: number
}

/** Measured rows in the order of the list. Others are in order already. */
export function inOrder<Row>(found: readonly (Row & Measured)[]): (Row & Measured)[] {
  return found.toSorted((a, b) => (a.bytes_so_far ?? 0) - (b.bytes_so_far ?? 0))
}

/** How many of the rows fit into a page: at least one. Rows that were not measured fit. */
export function fitsWithin(found: readonly Measured[], perPage: number): number {
  const fitting = found.filter(({ bytes_so_far = 0 }) => bytes_so_far <= MAX_PAGE_BYTES).length
  return Math.min(perPage, Math.max(1, fitting))
}

/**
 * The rows of a page in the order of the list, and the cursors of the next and the previous page. `found` are the rows of
 * `windowFrom(position)`, in its direction.
 */
export function toPage<Row, Key>(
  found: readonly Row[],
  perPage: number,
  position: Position<Key> | null,
  keyOf: (row: Row) => Key,
  write: (position: EncodedPosition<Key>) => string,
) {
  const rows = found.slice(0, perPage)
  const hasMore = found.length > perPage
  const isBackwards = position?.direction === 'prev'
  const shown = isBackwards ? rows.toReversed() : rows
  // An empty page is past an end of the list: its cursor leads back from that end.
  const cursorAt = (direction: 'next' | 'prev', row: Row | undefined) =>
    write(encodePosition({ direction, key: row === undefined ? null : keyOf(row) }))
  return {
    shown,
    cursors: {
      next: isBackwards || hasMore ? cursorAt('next', shown.at(-1)) : null,
      prev: (isBackwards ? hasMore : position !== null) ? cursorAt('prev', shown[0]) : null,
    },
  }
}

export const Cursor = z.string().openapi({ maxLength: 500, pattern: '^[\\w-]*$', example: 'WyI5ZjNhIixbMTddXQ' })

export const CursorPagination = z
  .object({
    per_page: PerPage,
    next_cursor: z
      .union([Cursor, z.null()])
      .openapi({ description: 'Send it as `cursor` for the next page; null on the last page.' }),
    prev_cursor: z
      .union([Cursor, z.null()])
      .openapi({ description: 'Send it as `cursor` for the previous page; null on the first page.' }),
    next_page_url: NextPageUrl,
    prev_page_url: PrevPageUrl,
  })
  .openapi('CursorPagination', {
    description:
      'Cursors of the pages around a page that was requested by cursor. The page can be shorter than `per_page`: only ' +
      '`next_cursor` says whether more follows.',
  })

/** Of a list with both kinds of pages. */
export const PageOrCursorPagination = z.union([Pagination, CursorPagination]).openapi({
  description: 'Position of this page: `CursorPagination` if the request had a `cursor`, otherwise `Pagination`.',
})

/** The `pagination` of a response and its `Link` header (RFC 8288). */
export function paginateByCursor(url: URL, perPage: number, cursors: { next: string | null; prev: string | null }) {
  const urlOf = (cursor: string | null) => {
    if (cursor === null) return null
    const query = new URLSearchParams(url.search)
    query.set('cursor', cursor)
    return `${url.pathname}?${query}`
  }
  const relations = { prev: urlOf(cursors.prev), next: urlOf(cursors.next) }
  const link = Object.entries(relations)
    .flatMap(([name, target]) => (target ? [`<${target}>; rel="${name}"`] : []))
    .join(', ')
  return {
    link: link === '' ? undefined : { Link: link },
    pagination: {
      per_page: perPage,
      next_cursor: cursors.next,
      prev_cursor: cursors.prev,
      next_page_url: relations.next,
      prev_page_url: relations.prev,
    },
  }
}
