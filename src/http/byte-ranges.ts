import { matchOf } from '../lib/text'

/** A part of some bytes, as R2 wants it. */
export interface ByteRange {
  offset: number
  length: number
}

/** The longest header that is read. */
export const MAX_RANGE = 100

const SINGLE_RANGE = /^bytes[ \t]*=[ \t]*(?:(\d+)[ \t]*-[ \t]*(?:(\d+)[ \t]*)?|-[ \t]*(\d+)[ \t]*)$/i

/**
 * The part that a `Range` header asks for of `size` bytes (RFC 9110, 14.1.2): null for all of them, where it asks for
 * several parts, for something else than bytes or for nonsense, or is longer than 100 characters; `unsatisfiable` where the part begins behind the end.
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
