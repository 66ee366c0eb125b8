import { isMatch } from '../lib/text'

const MAX_BOOKMARK = 500
const BOOKMARK = /^[0-9a-f]{1,16}(-[0-9a-f]{1,64}){3}$/

/** In lower case, so that bookmarks of a database sort by age. Null if the text does not look like a bookmark. */
export function asBookmark(text: string | undefined): { bookmark: string } | null {
  const bookmark = text?.toLowerCase()
  return bookmark !== undefined && isMatch(bookmark, BOOKMARK, MAX_BOOKMARK) ? { bookmark } : null
}

/** The newest bookmark that each database has reported to this isolate. */
const newest = new WeakMap<D1Database, string>()

export function recordBookmark(database: D1Database, reported: string): void {
  const known = newest.get(database)
  if (known === undefined || known < reported) newest.set(database, reported)
}

/**
 * Whether the database has certainly reached the bookmark. Clients send any bookmark, and D1 would wait for one from the future.
 * False for a newer one from another isolate, and for one of another form, which has no order among the others.
 */
export function isReached(database: D1Database, bookmark: string): boolean {
  const known = newest.get(database)
  return known !== undefined && formOf(bookmark) === formOf(known) && bookmark <= known
}

function formOf(bookmark: string): string {
  return bookmark.replaceAll(/[0-9a-f]/g, 'x')
}
