const CONTROL = /[^\P{Cc}\t\n\r]/u
const CONTROLS = new RegExp(CONTROL, 'gu')
const encoder = new TextEncoder()

/** No control characters (except tab and newlines) and no lone surrogates. */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text)
}

/** Replaces with U+FFFD what `isCleanText` rejects. */
export function cleaned(text: string): string {
  return text.toWellFormed().replace(CONTROLS, '\ufffd')
}

/** In Unicode code points. */
export function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** Counts code points only if the length in UTF-16 units does not decide. */
export function hasMoreCharacters(text: string, max: number): boolean {
  return text.length > 2 * max || (text.length > max && characters(text) > max)
}

export function utf8Bytes(text: string): number {
  return encoder.encode(text).byteLength
}

/** A text never has fewer bytes of UTF-8 than UTF-16 units. */
export function hasMoreBytes(text: string, max: number): boolean {
  return text.length > max || utf8Bytes(text) > max
}

/**
 * False for a text of more than `maxLength` UTF-16 units. The pattern does not run on it: it would take time and stack for
 * each character.
 */
export function isMatch(text: string, pattern: RegExp, maxLength: number): boolean {
  return text.length <= maxLength && pattern.test(text)
}

/** As `isMatch`. */
export function matchOf(text: string, pattern: RegExp, maxLength: number): RegExpExecArray | null {
  return text.length <= maxLength ? pattern.exec(text) : null
}

/** Unquoted local parts and domain names: the ASCII characters of RFC 5321, and all others. */
const ATOM = '[^\\s\\x00-\\x20"(),.:;<>@[\\]\\\\\\x7f-\\x9f]'
const LETTER = '[^\\s\\x00-/:-@[-`{-\\x9f]'

/** Email addresses with letters of any script (RFC 6531), at a host with a domain. */
export const EMAIL_PATTERN = `^${ATOM}(?:\\.?${ATOM})*@${LETTER}(?:-*${LETTER})*(?:\\.${LETTER}(?:-*${LETTER})*)+$`
// Stryker disable next-line StringLiteral: without the flag, each half of a surrogate pair matches
const EMAIL = new RegExp(EMAIL_PATTERN, 'u')
/** In characters. */
export const MAX_EMAIL = 254

export function isEmail(text: string): boolean {
  return !hasMoreCharacters(text, MAX_EMAIL) && EMAIL.test(text)
}

/** Lowercases ASCII letters only, to compare email addresses. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
