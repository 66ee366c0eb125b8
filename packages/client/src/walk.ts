/** A page of a list that is walked, and the cursor to go on with after it: null where the list has come to its end. */
export interface Page<T, Cursor extends string | null = string | null> {
  data: T[]
  cursor: Cursor
}

/** All of a list: one by one with `for await`, or page by page, each with the cursor to go on with another time. */
export interface Walk<T, Cursor extends string | null = string | null> extends AsyncIterable<T> {
  pages(): AsyncIterableIterator<Page<T, Cursor>>
}

/** How a list is walked. */
export interface WalkOptions {
  /** Where to go on: the cursor of an earlier page. The filters must be the same as then. */
  cursor?: string
  /** How many are asked for at a time: 1 to 100, which it is unless told. */
  perPage?: number
  /** Ends the walk. */
  signal?: AbortSignal
  /** How long one attempt may take (ms). */
  timeoutMs?: number
}

const MOST_A_PAGE = 100

interface CursorAnswer<T> {
  data: T[]
  pagination: { next_cursor: string | null }
}

/** Walks a list by cursor to its end. `ask` gets the query parameters of a page. */
export function walkByCursor<T>(
  { cursor = '', perPage = MOST_A_PAGE }: WalkOptions,
  ask: (query: { cursor: string; per_page: number }) => Promise<CursorAnswer<T>>,
): Walk<T> {
  return walkOf(async function* () {
    for (let next: string | null = cursor; next !== null; ) {
      const { data, pagination } = await ask({ cursor: next, per_page: perPage })
      next = pagination.next_cursor
      yield { data, cursor: next }
    }
  })
}

interface EventAnswer<T> {
  data: T[]
  pagination: { next_cursor: string; has_more: boolean }
}

/** Walks events up to what has happened; there is always a cursor to come back with. */
export function walkEvents<T>(
  { cursor = '', perPage = MOST_A_PAGE }: WalkOptions,
  ask: (query: { cursor: string; per_page: number }) => Promise<EventAnswer<T>>,
): Walk<T, string> {
  return walkOf(async function* () {
    for (let next = cursor, isMore = true; isMore; ) {
      const { data, pagination } = await ask({ cursor: next, per_page: perPage })
      next = pagination.next_cursor
      isMore = pagination.has_more
      yield { data, cursor: next }
    }
  })
}

/** Walks a short list, which is paged by number alone. */
export async function* walkByNumber<T>(
  ask: (query: { page: number; per_page: number }) => Promise<{ data: T[]; pagination: { last_page: number } }>,
): AsyncIterableIterator<T> {
  for (let page = 1, last = 1; page <= last; page++) {
    const { data, pagination } = await ask({ page, per_page: MOST_A_PAGE })
    last = pagination.last_page
    yield* data
  }
}

function walkOf<T, Cursor extends string | null>(pages: () => AsyncIterableIterator<Page<T, Cursor>>): Walk<T, Cursor> {
  return {
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { data } of pages()) yield* data
    },
  }
}

/** Which page of a list, where it is paged by number. */
export interface PageNumber {
  /** 1 unless told. */
  page?: number
  /** 1 to 100; 20 unless told. */
  per_page?: number
}

/** A page by number, with the totals. */
export interface NumberedPage<T> {
  data: T[]
  pagination: {
    total: number
    per_page: number
    current_page: number
    last_page: number
    next_page_url: string | null
    prev_page_url: string | null
  }
}
