import { differentWords, type SearchQuery, type SearchScope } from './search'

/** Letters, digits and private-use characters make up the tokens of the index. Everything else separates tokens. */
const TOKEN = /[\p{L}\p{N}\p{Co}]/u
const ENDS_IN_TOKEN = /[\p{L}\p{N}\p{Co}\p{M}]$/u

/**
 * As `parseSearch`, for the index that SQLite built from the texts: searches use it until the sweep has filled the new one.
 * Each word is quoted, so that nothing in it is syntax.
 */
export function parseOldSearch(text: string, { accountId, createdBy }: SearchScope): SearchQuery {
  const words = differentWords(text).filter((word) => TOKEN.test(word.text))
  if (words.length === 0) return 'nothing'
  const scopes = [`zq${hex(accountId)}`, ...(createdBy === null ? [] : [`zr${hex(createdBy)}`])]
  const terms = words.map((word) => {
    const quoted = `"${word.text.replaceAll('"', '""')}"`
    return ENDS_IN_TOKEN.test(word.text) ? `${quoted} *` : quoted
  })
  const all = [
    ...scopes.map((token) => `{scope} : "${token}"`),
    ...terms.map((term) => `{title description} : ${term}`),
  ]
  return { match: all.join(' AND ') }
}

/** As SQLite's `lower(hex(…))` in the triggers. */
function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
