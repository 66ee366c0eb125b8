import type { MiddlewareHandler } from 'hono'
import { detail } from '../../core/error-details'
import { invalidInput } from '../../core/errors'

const RULE = 'must be percent-encoded UTF-8, with % itself as %25'

/** Rejects a query that is not percent-encoded UTF-8: Hono would pass on the encoded text. */
export const queryEncoding: MiddlewareHandler = async (c, next) => {
  const invalid = undecodableNames(c.req.url)
  if (invalid.length > 0) throw invalidInput(invalid.map((name) => detail([name], 'invalid_format', RULE)))
  await next()
}

function undecodableNames(url: string): string[] {
  if (!url.includes('%')) return []
  const pairs = new URL(url).search.slice(1).split('&')
  return pairs.filter((pair) => !isDecodable(pair)).map((pair) => pair.split('=', 1)[0] ?? '')
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
