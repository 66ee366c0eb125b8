import { z } from '@hono/zod-openapi'
import { wholeNumber } from '../schemas/request-fields'
import { integerField, PathUrl } from '../schemas/response-fields'

const MAX_PAGE = 1_000_000_000

export const PageQuery = {
  page: wholeNumber(1, MAX_PAGE)
    .optional()
    .openapi({ default: 1, description: 'Number of the page. Cannot be combined with `cursor`.', example: 1 }),
  per_page: wholeNumber(1, 100)
    .optional()
    .openapi({ default: 20, description: 'Items per page, at most 100.', example: 20 }),
}

export const PerPage = integerField(1, 100).openapi({ description: 'Items per page.', example: 20 })

export const NextPageUrl = z
  .union([PathUrl, z.null()])
  .openapi({ description: 'Path and query of the next page; null on the last page.' })

export const PrevPageUrl = z
  .union([PathUrl, z.null()])
  .openapi({ description: 'Path and query of the previous page; null on the first page.' })

export const Pagination = z
  .object({
    total: integerField().openapi({ description: 'Items on all pages.', example: 243 }),
    per_page: PerPage,
    current_page: integerField(1, MAX_PAGE).openapi({ description: 'Number of this page.', example: 1 }),
    last_page: integerField(1).openapi({ description: 'Number of the last page; 1 for an empty list.', example: 13 }),
    next_page_url: NextPageUrl,
    prev_page_url: PrevPageUrl,
  })
  .openapi('Pagination', { description: 'Position of a page that was requested by number.' })

/** For examples: the first page of a list. */
export function examplePagination(path: string, total = 1): z.infer<typeof Pagination> {
  const lastPage = Math.max(1, Math.ceil(total / 20))
  const next = lastPage > 1 ? `/api/v1${path}?page=2` : null
  return { total, per_page: 20, current_page: 1, last_page: lastPage, next_page_url: next, prev_page_url: null }
}

export interface PageRequest {
  page: number
  perPage: number
}

/** By default the first page, with 20 rows. */
export function pageRequest(query: { page?: number | undefined; per_page?: number | undefined }): PageRequest {
  return { page: query.page ?? 1, perPage: query.per_page ?? 20 }
}

export function offsetOf({ page, perPage }: PageRequest): number {
  return (page - 1) * perPage
}

/** The `pagination` of a response and its `Link` header (RFC 8288). URLs have no host, and keep all query parameters. */
export function paginate(url: URL, { page, perPage }: PageRequest, total: number) {
  const lastPage = Math.max(1, Math.ceil(total / perPage))
  const urlOf = (target: number) => {
    const query = new URLSearchParams(url.search)
    query.set('page', String(target))
    return `${url.pathname}?${query}`
  }
  const next = page < lastPage ? urlOf(page + 1) : null
  const prev = page > 1 ? urlOf(Math.min(page - 1, lastPage)) : null
  const relations = { first: urlOf(1), prev, next, last: urlOf(lastPage) }
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
