/** The caller's rate limit in the latest response. */
export interface RateLimit {
  /** Requests per calendar minute. */
  limit: number
  remaining: number
  /** The start of the next minute. */
  resetsAt: Date
}

/** Null for responses that do not count: health, documents and files. */
export function readRateLimit(headers: Headers): RateLimit | null {
  const [limit, remaining, reset] = ['Limit', 'Remaining', 'Reset'].map((name) =>
    Number(headers.get(`X-RateLimit-${name}`) ?? Number.NaN),
  )
  if (limit === undefined || remaining === undefined || reset === undefined) return null
  if (Number.isNaN(limit + remaining + reset)) return null
  return { limit, remaining, resetsAt: new Date(reset * 1_000) }
}
