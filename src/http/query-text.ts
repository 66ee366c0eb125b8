import type { MiddlewareHandler } from 'hono'
import { invalidInput } from './errors'
import { detail } from './validation'

/** Refuses a query that is not percent-encoded UTF-8, which would be taken for a text of percent signs. */
export const queryText: MiddlewareHandler = async (c, next) => {
  const broken = namesOf(c.req.url).filter(({ isReadable }) => !isReadable)
  if (broken.length > 0)
    throw invalidInput(broken.map(({ name }) => detail([name], 'must be UTF-8 in percent-encoding, % itself as %25')))
  await next()
}

function namesOf(url: string): { name: string; isReadable: boolean }[] {
  const { search } = new URL(url)
  if (!search.includes('%')) return []
  return search
    .slice(1)
    .split('&')
    .map((part) => ({ name: part.split('=', 1)[0] ?? '', isReadable: isReadable(part) }))
}

function isReadable(part: string): boolean {
  try {
    decodeURIComponent(part)
    return true
  } catch {
    return false
  }
}
