/** A page of a list and the cursor of the next one: null at the end. */
export interface Page<T, Cursor extends string | null = string | null> {
  data: T[]
  cursor: Cursor
}

/** All items of a list: one by one with `for await`, or as pages with cursors. */
export interface Walk<T, Cursor extends string | null = string | null> extends AsyncIterable<T> {
  pages(): AsyncIterableIterator<Page<T, Cursor>>
}

export interface WalkOptions {
  /** Where to continue: the cursor of an earlier page with the same filters. */
  cursor?: string
  /** Items per request: 1 to 100; 100 by default. */
  perPage?: number
  /** Aborts the iteration. */
  signal?: AbortSignal
  /** The timeout of one attempt (ms). */
  timeoutMs?: number
}

const MAX_PER_PAGE = 100

interface CursorPage<T> {
  data: T[]
  pagination: { next_cursor: string | null }
}

/** `ask` gets the query parameters of a page. */
export function walkByCursor<T>(
  { cursor = '', perPage = MAX_PER_PAGE }: WalkOptions,
  request: (query: { cursor: string; per_page: number }) => Promise<CursorPage<T>>,
): Walk<T> {
  return walkOf(async function* () {
    for (let next: string | null = cursor; next !== null; ) {
      const { data, pagination } = await request({ cursor: next, per_page: perPage })
      next = pagination.next_cursor
      yield { data, cursor: next }
    }
  })
}

interface EventPage<T> {
  data: T[]
  pagination: { next_cursor: string; has_more: boolean }
}

/** Stops at the latest event; its pages always have a cursor to continue later. */
export function walkEvents<T>(
  { cursor = '', perPage = MAX_PER_PAGE }: WalkOptions,
  request: (query: { cursor: string; per_page: number }) => Promise<EventPage<T>>,
): Walk<T, string> {
  return walkOf(async function* () {
    for (let next = cursor, hasMore = true; hasMore; ) {
      const { data, pagination } = await request({ cursor: next, per_page: perPage })
      next = pagination.next_cursor
      hasMore = pagination.has_more
      yield { data, cursor: next }
    }
  })
}

/** For short lists, which are only paged by number. */
export async function* walkByNumber<T>(
  request: (query: { page: number; per_page: number }) => Promise<{ data: T[]; pagination: { last_page: number } }>,
): AsyncIterableIterator<T> {
  for (let page = 1, last = 1; page <= last; page++) {
    const { data, pagination } = await request({ page, per_page: MAX_PER_PAGE })
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

export interface PageNumber {
  /** 1 by default. */
  page?: number
  /** 1 to 100; 20 by default. */
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
