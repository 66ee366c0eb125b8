import { sha256 } from '../lib/crypto'

/** In characters. A longer header matches nothing. */
export const MAX_CONDITION = 1_000

/** A comma within quotes belongs to a tag. */
const ELEMENTS = /(?:"[^"]*"|[^",])+/g

/** RFC 9110, 8.8.3: `W/` is case-sensitive, and a tag holds neither white space nor control characters. */
const ENTITY_TAG = /^[ \t]*(?:W\/)?("[^\p{Cc}\s"]*")[ \t]*$/u

const VERSIONED_TAG = /^"(\d{1,15})(?:\.[\w-]*)?"$/

/** A strong entity tag: the version, and a hash of the response to this caller. */
export function entityTag(version: number, shown: unknown): string {
  return `"${version}.${sha256(JSON.stringify(shown)).slice(0, 16)}"`
}

/**
 * The versions in an `If-Match` header; null for any, if it is absent or `*`. Weak tags are accepted, because proxies that
 * compress a response weaken its tag.
 */
export function readIfMatch(header: string | undefined): readonly number[] | null {
  if (header === undefined || header.trim() === '*') return null
  return opaqueTags(header).flatMap((tag) => {
    const version = VERSIONED_TAG.exec(tag)?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** Whether an `If-None-Match` header (RFC 9110, 13.1.2) contains the tag or is `*`. */
export function matchesIfNoneMatch(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || opaqueTags(header).includes(tag)
}

/** In their strong form. Skips malformed elements. */
function opaqueTags(header: string): string[] {
  if (header.length > MAX_CONDITION) return []
  return (header.match(ELEMENTS) ?? []).flatMap((element) => ENTITY_TAG.exec(element)?.[1] ?? [])
}
