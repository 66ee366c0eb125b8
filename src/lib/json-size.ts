const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BRACKET = 0x5b
const TOKENS = new Set([COMMA, COLON, BRACKET])
const BACKSLASH = 0x5c

/**
 * Counts `[`, `:` and `,` outside of strings, without parsing: a million arrays, members and elements would take seconds and
 * the memory of a Worker. A nested object follows one of them.
 */
export function hasMoreTokens(text: string, limit: number): boolean {
  let tokens = 0
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index)
    if (char === QUOTE) index = endOfString(text, index)
    else if (TOKENS.has(char)) {
      tokens += 1
      if (tokens > limit) return true
    }
  }
  return false
}

/** The index of the closing quote, or the length of the text. */
export function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}
