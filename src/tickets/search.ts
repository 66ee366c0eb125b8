/** The tokenizer's view of a word: letters, digits and private-use characters; everything else separates. */
const TOKEN = /[\p{L}\p{N}\p{Co}]/u
const ENDS_IN_TOKEN = /[\p{L}\p{N}\p{Co}\p{M}]$/u

type Search = { match: string } | 'nothing'

/**
 * A search text as an FTS5 expression within one account (and one creator, where that is all the caller sees). Each
 * word is quoted, so that none of it is syntax; it matches as a prefix where it ends in a letter or digit. A word without
 * letters or digits is in no index: alone it finds nothing, and beside others (`printer - broken`) it is passed over, so
 * that a title finds itself.
 */
export function parseSearch(text: string, scope: { accountId: string; createdBy: string | null }): Search {
  const findable = text.split(/\s+/u).filter((word) => TOKEN.test(word))
  if (findable.length === 0) return 'nothing'
  const terms = findable.map((word) => `"${word.replaceAll('"', '""')}"${ENDS_IN_TOKEN.test(word) ? ' *' : ''}`)
  const scopes = [`zq${hex(scope.accountId)}`, ...(scope.createdBy === null ? [] : [`zr${hex(scope.createdBy)}`])]
  const all = [
    ...scopes.map((token) => `{scope} : "${token}"`),
    ...terms.map((term) => `{title description} : ${term}`),
  ]
  return { match: all.join(' AND ') }
}

/** As SQLite's `lower(hex(…))` in the migration that fills the index. */
function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
