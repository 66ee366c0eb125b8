/** The bytes of strict base64, or null. `fromBase64` skips white space, so the size is compared with that of the text. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  try {
    const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' })
    return bytes.byteLength === (text.length / 4) * 3 - padding ? bytes : null
  } catch {
    return null
  }
}

/** A pattern that runs on the whole of a long text would take its time and stack. */
const CHUNK = 65_536

/** The rule that a text violates which is not strict base64, as a text that follows the name of the field. */
export function base64Rule(text: string): string {
  if (/^data:/i.test(text.slice(0, 5))) return 'must not be a data URL: send only the part after the comma'
  if (text.includes('\n') || text.includes('\r')) return 'must not contain line breaks'
  if (hasMatch(text, /\s/)) return 'must not contain white space'
  if (hasMatch(text, /[^\w+/=-]/)) return 'must contain only base64 characters: A to Z, a to z, 0 to 9, +, / and ='
  if (text.includes('-') || text.includes('_'))
    return 'must use the standard alphabet (+ and /), not the URL-safe one (- and _)'
  const padding = text.indexOf('=')
  if (padding !== -1 && !/^={1,2}$/.test(text.slice(padding, padding + 3)))
    return 'must have padding (=) only at its end, at most two characters'
  if (text.length % 4 !== 0) return 'must be padded with = to a multiple of four characters'
  return 'must be canonical base64: the last character before the padding is not valid'
}

function hasMatch(text: string, pattern: RegExp): boolean {
  for (let start = 0; start < text.length; start += CHUNK)
    if (pattern.test(text.slice(start, start + CHUNK))) return true
  return false
}
