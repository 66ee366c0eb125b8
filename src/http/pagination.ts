import { z } from '@hono/zod-openapi'
import { wholeNumber } from './fields'

/** The query parameters of every list that is paged by number. */
export const PageQuery = {
  page: wholeNumber(1, 1_000_000_000, 'must be a whole number of 1 or more').optional().openapi({ default: 1 }),
  per_page: wholeNumber(1, 100, 'must be between 1 and 100').optional().openapi({ default: 20 }),
}

export const Pagination = z
  .object({
    total: z.number().int(),
    per_page: z.number().int(),
    current_page: z.number().int(),
    last_page: z.number().int(),
    next_page_url: z.string().nullable(),
    prev_page_url: z.string().nullable(),
  })
  .openapi('Pagination', {
    example: {
      total: 243,
      per_page: 20,
      current_page: 1,
      last_page: 13,
      next_page_url: '/api/v1/tickets?page=2',
      prev_page_url: null,
    },
  })

/** The slice of a list that a page asks for. */
interface PageRequest {
  page: number
  perPage: number
}

/** The page that a query asks for: the first, of 20, unless it says otherwise. */
export function pageRequest(query: { page?: number | undefined; per_page?: number | undefined }): PageRequest {
  return { page: query.page ?? 1, perPage: query.per_page ?? 20 }
}

/** Rows to skip for a page. */
export function offsetOf({ page, perPage }: PageRequest): number {
  return (page - 1) * perPage
}

/**
 * The `pagination` of an answer and its `Link` header (RFC 8288). URLs are path and query, and keep every parameter
 * that was given.
 */
export function paginate(url: URL, { page, perPage }: PageRequest, total: number) {
  const lastPage = Math.max(1, Math.ceil(total / perPage))
  const at = (target: number) => {
    const query = new URLSearchParams(url.search)
    query.set('page', String(target))
    return `${url.pathname}?${query}`
  }
  const next = page < lastPage ? at(page + 1) : null
  const prev = page > 1 ? at(Math.min(page - 1, lastPage)) : null
  const relations = { first: at(1), prev, next, last: at(lastPage) }
  const link = Object.entries(relations)
    .flatMap(([name, target]) => (target ? [`<${target}>; rel="${name}"`] : []))
    .join(', ')
  return {
    link,
    pagination: {
      total,
      per_page: perPage,
      current_page: page,
      last_page: lastPage,
      next_page_url: next,
      prev_page_url: prev,
    },
  }
}
