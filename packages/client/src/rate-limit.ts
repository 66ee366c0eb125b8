/** How much of the caller's rate limit is left, as the latest answer told it. */
export interface RateLimit {
  /** Requests per calendar minute. */
  limit: number
  remaining: number
  /** When the next minute begins. */
  resetsAt: Date
}

/** The rate limit that an answer tells of, or null: health, documents and files are not counted. */
export function readRateLimit(headers: Headers): RateLimit | null {
  const [limit, remaining, reset] = ['Limit', 'Remaining', 'Reset'].map((name) =>
    Number(headers.get(`X-RateLimit-${name}`) ?? Number.NaN),
  )
  if (limit === undefined || remaining === undefined || reset === undefined) return null
  if (Number.isNaN(limit + remaining + reset)) return null
  return { limit, remaining, resetsAt: new Date(reset * 1_000) }
}
