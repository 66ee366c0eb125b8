import { describe, expect, it } from 'vitest'
import { deriveKey } from '../../src/lib/crypto'
import { DecryptError, decrypt, encrypt, keyName } from '../../src/lib/envelope-encryption'

const KEY = deriveKey('one secret', 'webhooks')
const OTHER = deriveKey('another secret', 'webhooks')
const CONTEXT = 'webhook acct_1/webhook_1'

/** Replaces one character by another of the same alphabet. */
function altered(ciphertext: string, index: number): string {
  return ciphertext.slice(0, index) + (ciphertext[index] === 'A' ? 'B' : 'A') + ciphertext.slice(index + 1)
}

describe('encrypt', () => {
  it.each(['whsec_c2VjcmV0', '', 'é😀\u2028\0', 'x'.repeat(100_000)])('opens as what it was: %.20j', async (text) => {
    expect(await decrypt([KEY], await encrypt(KEY, text, CONTEXT), CONTEXT)).toBe(text)
  })

  it('names its key in front, and gives neither that nor the text away', async () => {
    const ciphertext = await encrypt(KEY, 'whsec_c2VjcmV0', CONTEXT)
    expect(ciphertext).toMatch(new RegExp(`^${keyName(KEY)}\\.[A-Za-z0-9_-]{56}$`))
    expect(keyName(KEY)).toMatch(/^[A-Za-z0-9_-]{12}$/)
    expect(keyName(OTHER)).not.toBe(keyName(KEY))
    for (const encoding of ['hex', 'base64url'] as const)
      expect(ciphertext).not.toContain(Buffer.from(KEY).toString(encoding).slice(0, 12))
  })

  it('gives another ciphertext each time', async () => {
    const ciphertext = await Promise.all(Array.from({ length: 50 }, () => encrypt(KEY, 'the same', CONTEXT)))
    expect(new Set(ciphertext.map((one) => one.split('.')[1]?.slice(0, 16))).size).toBe(50)
    expect(new Set(ciphertext.map((one) => one.split('.')[1]?.slice(16))).size).toBe(50)
  })
})

describe('decrypt', () => {
  it('takes whichever key the ciphertext names, wherever that stands', async () => {
    const ciphertext = await encrypt(KEY, 'text', CONTEXT)
    for (const keys of [[KEY], [KEY, OTHER], [OTHER, KEY]])
      expect(await decrypt(keys, ciphertext, CONTEXT)).toBe('text')
  })

  it('opens what was sealed by an earlier version', async () => {
    const ciphertext = 'A28yD-2qb14H.dUKLpHWQeGUNLzxXkbxteimStCcLv9dmXTTCWY9olWoDKG2Jhu__3tdP'
    expect(await decrypt([KEY], ciphertext, CONTEXT)).toBe('whsec_c2VjcmV0')
  })

  it.each([
    ['no key', [], (ciphertext: string) => ciphertext, CONTEXT],
    ['an unknown key', [OTHER], (ciphertext: string) => ciphertext, CONTEXT],
    ['a known key’s name before another’s text', [OTHER], rename, CONTEXT],
    ['another place', [KEY], (ciphertext: string) => ciphertext, 'webhook acct_1/webhook_2'],
    ['no place', [KEY], (ciphertext: string) => ciphertext, ''],
    ['a changed IV', [KEY], (ciphertext: string) => altered(ciphertext, 13), CONTEXT],
    ['a changed ciphertext', [KEY], (ciphertext: string) => altered(ciphertext, 30), CONTEXT],
    ['a changed tag', [KEY], (ciphertext: string) => altered(ciphertext, ciphertext.length - 2), CONTEXT],
    ['a shortened text', [KEY], (ciphertext: string) => ciphertext.slice(0, -4), CONTEXT],
    ['a lengthened text', [KEY], (ciphertext: string) => `${ciphertext}AAAA`, CONTEXT],
    ['a name alone', [KEY], () => `${keyName(KEY)}.`, CONTEXT],
    ['nothing', [KEY], () => '', CONTEXT],
    ['a plain text', [KEY], () => 'whsec_c2VjcmV0', CONTEXT],
  ])('refuses %s, and tells nothing of it', async (_name, keys, change, context) => {
    const ciphertext = change(await encrypt(KEY, 'whsec_c2VjcmV0', CONTEXT))
    const rejected = await decrypt(keys, ciphertext, context).catch((error: unknown) => error)
    expect(rejected).toBeInstanceOf(DecryptError)
    expect(String(rejected)).toMatch(/^DecryptError: (The key of this|This) ciphertext [a-z, ]+$/)
  })
})

function rename(ciphertext: string): string {
  return `${keyName(OTHER)}.${ciphertext.split('.')[1]}`
}
