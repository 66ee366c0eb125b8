import { sha256 } from '../lib/crypto'

/** The longest header that is read: a longer one matches nothing. The OpenAPI document names this limit. */
export const MAX_CONDITION = 1_000

/** The elements of a list. A comma within quotes belongs to a tag. */
const ELEMENTS = /(?:"[^"]*"|[^",])+/g

/** RFC 9110, 8.8.3: `W/` is case-sensitive, and a tag holds neither white space nor control characters. */
const ENTITY_TAG = /^[ \t]*(?:W\/)?("[^\p{Cc}\s"]*")[ \t]*$/u

const VERSIONED_TAG = /^"(\d{1,15})(?:\.[\w-]*)?"$/

/** A strong entity tag: the version, and a hash of all that this caller is shown. */
export function entityTag(version: number, shown: unknown): string {
  return `"${version}.${sha256(JSON.stringify(shown)).slice(0, 16)}"`
}

/**
 * The versions that an `If-Match` header names; null where it is absent or `*`, which any version matches. Weak tags
 * count: proxies that compress a response weaken its tag, and the version means the same in both forms.
 */
export function readIfMatch(header: string | undefined): readonly number[] | null {
  if (header === undefined || header.trim() === '*') return null
  return opaqueTags(header).flatMap((tag) => {
    const version = VERSIONED_TAG.exec(tag)?.[1]
    return version === undefined ? [] : [Number(version)]
  })
}

/** Whether an `If-None-Match` header (RFC 9110, 13.1.2) names the tag, or anything. */
export function isKnown(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.trim() === '*' || opaqueTags(header).includes(tag)
}

/** The tags of a list in their strong form. Malformed elements are left out. */
function opaqueTags(header: string): string[] {
  if (header.length > MAX_CONDITION) return []
  return (header.match(ELEMENTS) ?? []).flatMap((element) => ENTITY_TAG.exec(element)?.[1] ?? [])
}
