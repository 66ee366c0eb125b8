const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BRACKET = 0x5b
const TOKENS = new Set([COMMA, COLON, BRACKET])
const BACKSLASH = 0x5c

/**
 * Whether a JSON text has more than `limit` arrays, members and elements together, judged by its opening brackets, colons
 * and commas (an object within another has a colon before it). One pass without parsing: building a million of them, beside
 * or within each other, takes seconds and the memory of a Worker, and so must be refused before.
 */
export function hasMoreTokens(text: string, limit: number): boolean {
  let parts = 0
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index)
    if (char === QUOTE) index = endOfString(text, index)
    else if (TOKENS.has(char)) {
      parts += 1
      if (parts > limit) return true
    }
  }
  return false
}

/** The index of the quote that ends the string which begins at `start`, or of the text's end. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end === -1 ? text.length : end
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(index - 1 - backslashes) === BACKSLASH) backslashes += 1
  return backslashes % 2 === 1
}
