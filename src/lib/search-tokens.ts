import { foldText } from './fold-text.ts'

/** Scripts that are written without spaces between words. Their runs are indexed as pairs of characters. */
const UNSPACED =
  '[[\\p{scx=Han}\\p{scx=Hiragana}\\p{scx=Katakana}\\p{scx=Hangul}\\p{scx=Bopomofo}\\p{scx=Thai}\\p{scx=Lao}\\p{scx=Khmer}\\p{scx=Myanmar}]&&[\\p{L}\\p{M}\\p{N}]]'
const SPACED = `[[\\p{L}\\p{M}\\p{N}\\p{Co}]--${UNSPACED}]`
const PICTURE = '\\p{Regional_Indicator}{2}|[\\p{Extended_Pictographic}\\p{Emoji_Modifier}]'
/** Without `^`, `` ` `` and the like, which are typed as marks. */
const SIGN = '[[\\p{Sm}\\p{Sc}\\p{So}]--[\\p{Extended_Pictographic}\\p{Regional_Indicator}]]'
/** Of the punctuation marks, only these can be a part of a name, as in `C#`. */
const SUFFIX = `[${SIGN}#%]`

const WORD = `(?<spaced>${SPACED}+)(?:(?<suffix>${SUFFIX}{1,20})(?![\\p{L}\\p{N}\\p{Sm}\\p{Sc}\\p{So}#%]))?`
const TOKEN = new RegExp(`(?<unspaced>${UNSPACED}+)|${WORD}|(?<picture>${PICTURE})|(?<signs>${SIGN}{1,20})`, 'gv')

/** In UTF-16 units. A search text is no longer, so that the rest of a longer word cannot be searched for. */
const MAX_TOKEN = 200

export interface Token {
  text: string
  kind: 'word' | 'pair' | 'symbol'
  /** Whether a search for it also finds what begins with it. */
  isPrefix: boolean
}

/**
 * The tokens of a text, folded, in its order. Each run of letters and digits is one, followed by the run with its trailing
 * symbols if it has any (`c`, `c++`). Runs of unspaced scripts become overlapping pairs and their last character, so that each
 * part of them is found. Each emoji and each run of other symbols is a token. Punctuation is not.
 */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (const { groups } of foldText(text).matchAll(TOKEN)) {
    const { unspaced, spaced, suffix, picture, signs } = groups as Record<string, string | undefined>
    if (unspaced !== undefined) tokens.push(...pairsOf(unspaced))
    else if (spaced !== undefined) tokens.push(...wordTokens(spaced, suffix))
    else tokens.push({ text: picture ?? signs ?? '', kind: 'symbol', isPrefix: false })
  }
  return tokens
}

function wordTokens(word: string, suffix: string | undefined): Token[] {
  const token: Token = { text: word.slice(0, MAX_TOKEN), kind: 'word', isPrefix: true }
  return suffix === undefined ? [token] : [token, { text: `${token.text}${suffix}`, kind: 'word', isPrefix: false }]
}

function pairsOf(run: string): Token[] {
  const characters = [...run]
  return characters.map((character, index) => ({
    text: `${character}${characters[index + 1] ?? ''}`,
    kind: 'pair',
    isPrefix: index === characters.length - 1,
  }))
}

/**
 * The tokens to look for, in this order, where a text has the given word of a search. The last character of a run of an unspaced
 * script at the end of the word is left out if the run has others: in the text, the run may go on.
 */
export function searchTokensOf(word: string): Token[] {
  const tokens = tokensOf(word)
  const last = tokens.at(-1)
  const before = tokens.at(-2)
  if (!last || !before) return tokens
  const isEndOfRun =
    last.kind === 'pair' &&
    before.kind === 'pair' &&
    before.text.length > last.text.length &&
    before.text.endsWith(last.text)
  return isEndOfRun ? tokens.slice(0, -1) : tokens
}
