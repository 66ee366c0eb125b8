import type { SearchQuery, SearchScope } from './search'

/** Letters, digits and private-use characters make up the tokens of the index. Everything else separates tokens. */
const TOKEN = /[\p{L}\p{N}\p{Co}]/u
const TOKENS = /[\p{L}\p{N}\p{Co}]+/gu
const ENDS_IN_TOKEN = /[\p{L}\p{N}\p{Co}\p{M}]$/u

interface SearchWord {
  text: string
  isPrefix: boolean
}

/** As `parseSearch`, for the index that SQLite builds from the texts. Accounts use it until the sweep has indexed their tickets. */
export function parseOldSearch(text: string, scope: SearchScope): SearchQuery {
  const words = searchWords(text)
  if (words.length === 0) return 'nothing'
  const terms = words.map((word) => `"${word.text.replaceAll('"', '""')}"${word.isPrefix ? ' *' : ''}`)
  const scopes = [`zq${hex(scope.accountId)}`, ...(scope.createdBy === null ? [] : [`zr${hex(scope.createdBy)}`])]
  const all = [
    ...scopes.map((token) => `{scope} : "${token}"`),
    ...terms.map((term) => `{title description} : ${term}`),
  ]
  return { match: all.join(' AND ') }
}

/**
 * The different words of a search text. White space separates words. A word without
 * letters or digits (`printer - broken`) is not in the index and is ignored, so that a title finds itself.
 */
function searchWords(text: string): SearchWord[] {
  const findable = text.split(/\s+/u).filter((word) => TOKEN.test(word))
  const words = findable.map((word) => ({ text: word, isPrefix: ENDS_IN_TOKEN.test(word) }))
  return words.length > 1 ? withoutRepeats(words) : words
}

/** Of `C` and `C++` only the exact word remains, because it is also found by the prefix. */
function withoutRepeats(words: SearchWord[]): SearchWord[] {
  const different = new Map<string, SearchWord>()
  for (const word of words) {
    const tokens = (foldAsIndex(word.text).match(TOKENS) ?? []).join(' ')
    const known = different.get(tokens)
    if (!known || (known.isPrefix && !word.isPrefix)) different.set(tokens, word)
  }
  return [...different.values()]
}

/** Combining marks that the index (`unicode61 remove_diacritics 2`) drops. All others separate tokens. */
const DROPPED_MARKS = /[\u0300-\u0304\u0306-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331]/g
const ACCENTED_LATIN = /(?!\p{ASCII})\p{Script=Latin}/gu
/** Lower-case letters that the index replaces with the usual form of the letter. */
const LETTER_VARIANTS: Record<string, string> = {
  ſ: 's',
  ς: 'σ',
  ϐ: 'β',
  ϑ: 'θ',
  ϕ: 'φ',
  ϖ: 'π',
  ϰ: 'κ',
  ϱ: 'ρ',
  ϵ: 'ε',
  µ: 'μ',
}
const LETTER_VARIANT = /[ſςϐϑϕϖϰϱϵµ]/g

/** Folds case and accents as the index does: accents of Latin letters only. */
function foldAsIndex(text: string): string {
  return text
    .toLowerCase()
    .replace(ACCENTED_LATIN, baseLetter)
    .replace(DROPPED_MARKS, '')
    .replace(LETTER_VARIANT, (letter) => LETTER_VARIANTS[letter] ?? letter)
}

function baseLetter(letter: string): string {
  const base = letter.normalize('NFD').charAt(0)
  return /[a-z\u017f]/.test(base) ? base : letter
}

/** As SQLite's `lower(hex(…))` in the migration that fills the index. */
function hex(text: string): string {
  return Buffer.from(text).toString('hex')
}
