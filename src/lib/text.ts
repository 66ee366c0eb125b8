const CONTROL = /[^\P{Cc}\t\n\r]/u
const CONTROLS = new RegExp(CONTROL, 'gu')
const encoder = new TextEncoder()

/** Whether a text holds neither a control character (other than tab and newlines) nor a lone surrogate. */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text)
}

/** A text as `isCleanText` wants it: U+FFFD stands for what it may not hold. */
export function cleaned(text: string): string {
  return text.toWellFormed().replace(CONTROLS, '\ufffd')
}

/** The number of Unicode code points of a text. */
export function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

/** Whether a text has more than `max` code points. They are only counted where its length leaves that open. */
export function hasMoreCharacters(text: string, max: number): boolean {
  return text.length > 2 * max || (text.length > max && characters(text) > max)
}

/** The number of bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).byteLength
}

/** Whether a text has more than `max` bytes of UTF-8, which are never fewer than its UTF-16 units. */
export function hasMoreBytes(text: string, max: number): boolean {
  return text.length > max || utf8Bytes(text) > max
}

/**
 * Whether a text of at most `maxLength` UTF-16 units matches a pattern. On a longer text the pattern is not run: callers
 * send texts of any length, and a pattern takes time and stack for each character.
 */
export function isMatch(text: string, pattern: RegExp, maxLength: number): boolean {
  return text.length <= maxLength && pattern.test(text)
}

/** The match of a pattern in a text, under the same condition as `isMatch`. */
export function matchOf(text: string, pattern: RegExp, maxLength: number): RegExpExecArray | null {
  return text.length <= maxLength ? pattern.exec(text) : null
}

/** What an e-mail address may hold without quotes, and a name of a domain: of ASCII what RFC 5321 says, and all beyond it. */
const ATOM = '[^\\s\\x00-\\x20"(),.:;<>@[\\]\\\\\\x7f-\\x9f]'
const LETTER = '[^\\s\\x00-/:-@[-`{-\\x9f]'

/** The form of an e-mail address, of any letters (RFC 6531), at a host that has a domain. */
export const EMAIL_PATTERN = `^${ATOM}(?:\\.?${ATOM})*@${LETTER}(?:-*${LETTER})*(?:\\.${LETTER}(?:-*${LETTER})*)+$`
// Stryker disable next-line StringLiteral: without the flag, each half of a surrogate pair matches
const EMAIL = new RegExp(EMAIL_PATTERN, 'u')
/** In characters. */
export const MAX_EMAIL = 254

/** Whether a text has the form of an email address. */
export function isEmail(text: string): boolean {
  return !hasMoreCharacters(text, MAX_EMAIL) && EMAIL.test(text)
}

/** The ASCII letters of a text in lower case, all else as it is: how e-mail addresses are compared. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
