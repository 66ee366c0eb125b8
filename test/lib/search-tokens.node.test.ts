import { describe, expect, it } from 'vitest'
import { searchTokensOf, tokensOf } from '../../src/lib/search-tokens'
import { SEARCH_PAIRS } from '../helpers/search-pairs'

const indexed = (text: string) =>
  ` ${tokensOf(text)
    .map((token) => token.text)
    .join(' ')} `

/** As the index finds it: the tokens in a row, the last as a prefix if it may be one. */
function isFound(text: string, word: string): boolean {
  const tokens = searchTokensOf(word)
  const last = tokens.at(-1)
  if (!last) return true
  const phrase = ` ${tokens.map((token) => token.text).join(' ')}`
  return indexed(text).includes(last.isPrefix ? phrase : `${phrase} `)
}

describe('a search', () => {
  it.each(SEARCH_PAIRS)('%s: in "%s" for "%s": %s', (_language, text, q, expected) => {
    expect(q.split(/\s+/u).every((word) => isFound(text, word))).toBe(expected)
  })

  it('covers 15 languages with at least 60 pairs', () => {
    expect(new Set(SEARCH_PAIRS.map(([language]) => language)).size).toBeGreaterThanOrEqual(15)
    expect(SEARCH_PAIRS.length).toBeGreaterThanOrEqual(60)
  })

  it.each(SEARCH_PAIRS)('%s: every word of "%s" finds it', (_language, text) => {
    expect(text.split(/\s+/u).filter((word) => !isFound(text, word))).toEqual([])
  })
})

describe('runs of scripts without spaces', () => {
  it.each(['東京都港区', 'エラーが発生', '대한민국', 'พิมพ์เอกสาร', '𠮷野家𠮷野'])('finds each part of %s', (run) => {
    const characters = [...run.normalize('NFC')]
    const parts = characters.flatMap((_, from) =>
      characters.slice(from).map((_, length) => characters.slice(from, from + length + 1).join('')),
    )
    expect(parts.filter((part) => !isFound(`x${run}9`, part))).toEqual([])
  })
})
