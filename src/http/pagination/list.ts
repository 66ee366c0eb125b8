import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import {
  type CursorScope,
  fitsWithin,
  inOrder,
  type Measured,
  type Position,
  paginateByCursor,
  type Reader,
  readCursor,
  toPage,
  windowFrom,
  writeCursor,
} from './cursor'
import { offsetOf, type PageRequest, pageRequest, paginate } from './page'

interface ListInput {
  page?: number | undefined
  per_page?: number | undefined
  cursor?: string | undefined
}

/** A page by number, of which the total is known, or a page after a cursor. */
export type List<T> = { data: T[] } & (
  | { page: PageRequest; total: number }
  | { perPage: number; cursors: { next: string | null; prev: string | null } }
)

interface CursorOptions<Row, Key> {
  reader: Reader
  /** Cursors in circulation contain a hash of it: names, values and their order must not change. */
  scope: CursorScope
  position: z.ZodType<Position<Key>>
  keyOf: (row: Row) => Key
}

/**
 * Rows by page number need no total after a cursor. After a cursor, rows may have their `bytes_so_far`: the page then ends at
 * `MAX_PAGE_BYTES`.
 */
interface Finders<Row, Key> {
  findPage: (window: { limit: number; offset: number }) => Promise<{ total: number; rows: Row[] }>
  findAfter: (window: ReturnType<typeof windowFrom<Key>>) => Promise<(Row & Measured)[]>
}

/** Runs a list by page number or, if the query has one, by cursor. Throws 400 for a cursor of another list. */
export async function findList<Row, Key>(
  input: ListInput,
  { reader, scope, position: schema, keyOf }: CursorOptions<Row, Key>,
  { findPage, findAfter }: Finders<Row, Key>,
): Promise<List<Row>> {
  const page = pageRequest(input)
  const { perPage } = page
  if (input.cursor === undefined) {
    const { total, rows } = await findPage({ limit: perPage, offset: offsetOf(page) })
    return { data: rows, page, total }
  }
  const position = readCursor(reader, scope, input.cursor, schema)
  const found = inOrder(await findAfter(windowFrom(position, perPage)))
  const { shown, cursors } = toPage(found, fitsWithin(found, perPage), position, keyOf, (at) =>
    writeCursor(reader, scope, at),
  )
  return { data: shown, perPage, cursors }
}

export function mapList<Row, T>(list: List<Row>, present: (row: Row) => T): List<T> {
  return { ...list, data: list.data.map(present) }
}

/** The response of a list, with `pagination` and the `Link` header. */
export function respondWithList<T>(c: Context, list: List<T>) {
  const url = new URL(c.req.url)
  if ('cursors' in list) {
    const { link, pagination } = paginateByCursor(url, list.perPage, list.cursors)
    return c.json({ data: list.data, pagination }, 200, link)
  }
  const { link, pagination } = paginate(url, list.page, list.total)
  return c.json({ data: list.data, pagination }, 200, { Link: link })
}
