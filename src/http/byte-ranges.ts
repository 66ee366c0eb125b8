import { matchOf } from '../lib/text'

/** In the form of R2. */
export interface ByteRange {
  offset: number
  length: number
}

/** In characters. A longer header is ignored. */
export const MAX_RANGE = 100

const SINGLE_RANGE = /^bytes[ \t]*=[ \t]*(?:(\d+)[ \t]*-[ \t]*(?:(\d+)[ \t]*)?|-[ \t]*(\d+)[ \t]*)$/i

/**
 * The range of a `Range` header (RFC 9110, 14.1.2). Null if the header is ignored: several ranges, another unit, invalid or too
 * long. `unsatisfiable` if the range begins after the end.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'unsatisfiable' | null {
  // Stryker disable next-line StringLiteral: any text that is not a range has the same result
  const match = matchOf(header ?? '', SINGLE_RANGE, MAX_RANGE)
  if (!match) return null
  const [, first, last, suffix] = match
  if (suffix !== undefined) {
    if (Number(suffix) === 0) return 'unsatisfiable'
    const length = Math.min(Number(suffix), size)
    return length === 0 ? null : { offset: size - length, length }
  }
  const offset = Number(first)
  const end = last === undefined ? Number.POSITIVE_INFINITY : Number(last)
  if (end < offset) return null
  return offset < size ? { offset, length: Math.min(end + 1, size) - offset } : 'unsatisfiable'
}
