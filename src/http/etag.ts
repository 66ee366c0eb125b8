import { sha256 } from '../lib/crypto'

/** Matches nothing: there is no such version. */
const NO_VERSION = 0

/** A strong entity tag: the version, and a hash of all that this caller is shown. */
export function entityTag(version: number, shown: unknown): string {
  return `"${version}.${sha256(JSON.stringify(shown)).slice(0, 16)}"`
}

/**
 * The versions that an `If-Match` header names; null where it is absent or `*`, which any version matches. A weak tag, and
 * anything else that is no tag of ours, matches none.
 */
export function readIfMatch(header: string | undefined): readonly number[] | null {
  if (header === undefined || header.trim() === '*') return null
  return header.split(',').map((tag) => Number(/^\s*"(\d{1,15})(?:\.[\w-]*)?"\s*$/.exec(tag)?.[1] ?? NO_VERSION))
}

/** Whether an `If-None-Match` header (RFC 9110, 13.1.2) names the tag, or anything. */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((known) => known.trim() === '*' || known.trim().replace(/^W\//, '') === tag)
}
