import type { MiddlewareHandler } from 'hono'
import { detail } from '../../core/error-details'
import { invalidInput } from '../../core/errors'

/** Refuses a query that is not percent-encoded UTF-8, which would be taken for a text of percent signs. */
export const queryEncoding: MiddlewareHandler = async (c, next) => {
  const broken = namesOfUnreadable(c.req.url)
  if (broken.length > 0)
    throw invalidInput(broken.map((name) => detail([name], 'must be UTF-8 in percent-encoding, % itself as %25')))
  await next()
}

function namesOfUnreadable(url: string): string[] {
  if (!url.includes('%')) return []
  const parts = new URL(url).search.slice(1).split('&')
  return parts.filter((part) => !isReadable(part)).map((part) => part.split('=', 1)[0] ?? '')
}

function isReadable(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}
