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

/** The number of bytes of a text in UTF-8. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).byteLength
}

/** What an e-mail address may hold without quotes, and a name of a domain: of ASCII what RFC 5321 says, and all beyond it. */
const ATOM = '[^\\s\\x00-\\x20"(),.:;<>@[\\]\\\\\\x7f-\\x9f]'
const LETTER = '[^\\s\\x00-/:-@[-`{-\\x9f]'

/** The form of an e-mail address, of any letters (RFC 6531), at a host that has a domain. */
export const EMAIL_PATTERN = `^${ATOM}(?:\\.?${ATOM})*@${LETTER}(?:-*${LETTER})*(?:\\.${LETTER}(?:-*${LETTER})*)+$`
// Stryker disable next-line StringLiteral: without the flag, each half of a surrogate pair matches
const EMAIL = new RegExp(EMAIL_PATTERN, 'u')

/** Whether a text has the form of an e-mail address. */
export function isEmail(text: string): boolean {
  return EMAIL.test(text)
}

/** The ASCII letters of a text in lower case, all else as it is: how e-mail addresses are compared. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
