const CONTROL = /[^\P{Cc}\t\n\r]/u
const CONTROLS = new RegExp(CONTROL, 'gu')
/** Unicode's Bidi_Control, for the class of a pattern. */
export const BIDI_CONTROLS = '\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069'
const BIDI_CONTROL = new RegExp(`[${BIDI_CONTROLS}]`)
/** Blank characters that have none of the properties: annotation anchors, Braille, Egyptian, Khitan and musical blanks. */
const OTHER_BLANKS = '\\u2800\\ufff9-\\ufffb\\u{13430}-\\u{13442}\\u{16fe4}\\u{1d159}'
const VISIBLE = new RegExp(`[^\\p{Default_Ignorable_Code_Point}\\p{White_Space}\\p{Cc}${OTHER_BLANKS}]`, 'u')
const encoder = new TextEncoder()

/** No control characters (except tab and newlines) and no lone surrogates. */
export function isCleanText(text: string): boolean {
  return text.isWellFormed() && !CONTROL.test(text)
}

/** Characters that reorder the text around them, so that a name reads as another one. */
export function hasBidiControl(text: string): boolean {
  return BIDI_CONTROL.test(text)
}

export function hasVisibleCharacter(text: string): boolean {
  return VISIBLE.test(text)
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

/** Unquoted local parts and domain names: the ASCII characters of RFC 5321, and all others except bidi controls. */
const ATOM = `[^\\s\\x00-\\x20"(),.:;<>@[\\]\\\\\\x7f-\\x9f${BIDI_CONTROLS}]`
const LETTER = `[^\\s\\x00-/:-@[-\`{-\\x9f${BIDI_CONTROLS}]`

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
