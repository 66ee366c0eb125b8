import { creatorToken, searchKey } from '../db/search-text'
import type { Violation } from '../http/schemas/request-fields'
import { searchTokensOf, type Token } from '../lib/search-tokens'

export const MAX_SEARCH_WORDS = 10
/** Of all words together: `a-b-c` is expensive although it is one word. Pairs of characters and symbols are rarer than words. */
export const MAX_SEARCH_TOKENS = 30

export type SearchQuery = { match: string } | 'nothing'

export interface SearchScope {
  accountId: string
  /** The caller, if they see only their own tickets. */
  createdBy: string | null
}

/**
 * A search text as an FTS5 expression. Every token has the key of the account, so that the search reads no other account's
 * tokens. Tokens contain neither white space nor quotation marks, so that nothing in them is syntax.
 */
export function parseSearch(text: string, { accountId, createdBy }: SearchScope): SearchQuery {
  const words = differentWords(text)
  if (words.length === 0) return 'nothing'
  const key = searchKey(accountId)
  const terms = words.map((word) => `{title description} : ${phraseOf(word, key)}`)
  if (createdBy !== null) terms.unshift(`{creator} : "${creatorToken(key, createdBy)}"`)
  return { match: terms.join(' AND ') }
}

function phraseOf({ tokens }: SearchWord, key: string): string {
  const phrase = `"${tokens.map((token) => `${key}${token.text}`).join(' ')}"`
  return tokens.at(-1)?.isPrefix ? `${phrase} *` : phrase
}

/** Each part of `a-b-c` costs as much as a word. */
export function searchViolation(text: string): Violation {
  const words = differentWords(text)
  if (words.length > MAX_SEARCH_WORDS) return ['too_many', `must have at most ${MAX_SEARCH_WORDS} different words`]
  if (words.flatMap(({ tokens }) => tokens).filter(({ kind }) => kind === 'word').length <= MAX_SEARCH_TOKENS)
    return null
  return ['too_many', `must have at most ${MAX_SEARCH_TOKENS} terms, where a-b counts as two`]
}

interface SearchWord {
  text: string
  /** At least one. */
  tokens: Token[]
}

/**
 * The different words of a search text. White space separates words. A word of punctuation only (`printer - broken`) is not in
 * the index and is ignored, so that a title finds itself.
 */
export function differentWords(text: string): SearchWord[] {
  const words = text.split(/\s+/u).map((word) => ({ text: word, tokens: searchTokensOf(word) }))
  const different = new Map(words.map((word) => [word.tokens.map((token) => token.text).join(' '), word]))
  different.delete('')
  return [...different.values()]
}
