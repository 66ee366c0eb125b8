import { describe, expect, it } from 'vitest'
import { deriveKey } from '../../src/lib/crypto'
import { DecryptError, decrypt, encrypt, keyName } from '../../src/lib/envelope-encryption'

const KEY = deriveKey('one secret', 'webhooks')
const OTHER = deriveKey('another secret', 'webhooks')
const PLACE = 'webhook acct_1/webhook_1'

/** The ciphertext with one character of it changed to another of its alphabet. */
function altered(sealed: string, index: number): string {
  return sealed.slice(0, index) + (sealed[index] === 'A' ? 'B' : 'A') + sealed.slice(index + 1)
}

describe('seal', () => {
  it.each(['whsec_c2VjcmV0', '', 'é😀\u2028\0', 'x'.repeat(100_000)])('opens as what it was: %.20j', async (text) => {
    expect(await decrypt([KEY], await encrypt(KEY, text, PLACE), PLACE)).toBe(text)
  })

  it('names its key in front, and gives neither that nor the text away', async () => {
    const sealed = await encrypt(KEY, 'whsec_c2VjcmV0', PLACE)
    expect(sealed).toMatch(new RegExp(`^${keyName(KEY)}\\.[A-Za-z0-9_-]{56}$`))
    expect(keyName(KEY)).toMatch(/^[A-Za-z0-9_-]{12}$/)
    expect(keyName(OTHER)).not.toBe(keyName(KEY))
    for (const encoding of ['hex', 'base64url'] as const)
      expect(sealed).not.toContain(Buffer.from(KEY).toString(encoding).slice(0, 12))
  })

  it('gives another ciphertext each time', async () => {
    const sealed = await Promise.all(Array.from({ length: 50 }, () => encrypt(KEY, 'the same', PLACE)))
    expect(new Set(sealed.map((one) => one.split('.')[1]?.slice(0, 16))).size).toBe(50)
    expect(new Set(sealed.map((one) => one.split('.')[1]?.slice(16))).size).toBe(50)
  })
})

describe('unseal', () => {
  it('takes whichever key the ciphertext names, wherever that stands', async () => {
    const sealed = await encrypt(KEY, 'text', PLACE)
    for (const keys of [[KEY], [KEY, OTHER], [OTHER, KEY]]) expect(await decrypt(keys, sealed, PLACE)).toBe('text')
  })

  it('opens what was sealed by an earlier version', async () => {
    const sealed = 'A28yD-2qb14H.dUKLpHWQeGUNLzxXkbxteimStCcLv9dmXTTCWY9olWoDKG2Jhu__3tdP'
    expect(await decrypt([KEY], sealed, PLACE)).toBe('whsec_c2VjcmV0')
  })

  it.each([
    ['no key', [], (sealed: string) => sealed, PLACE],
    ['an unknown key', [OTHER], (sealed: string) => sealed, PLACE],
    ['a known key’s name before another’s text', [OTHER], rename, PLACE],
    ['another place', [KEY], (sealed: string) => sealed, 'webhook acct_1/webhook_2'],
    ['no place', [KEY], (sealed: string) => sealed, ''],
    ['a changed IV', [KEY], (sealed: string) => altered(sealed, 13), PLACE],
    ['a changed ciphertext', [KEY], (sealed: string) => altered(sealed, 30), PLACE],
    ['a changed tag', [KEY], (sealed: string) => altered(sealed, sealed.length - 2), PLACE],
    ['a shortened text', [KEY], (sealed: string) => sealed.slice(0, -4), PLACE],
    ['a lengthened text', [KEY], (sealed: string) => `${sealed}AAAA`, PLACE],
    ['a name alone', [KEY], () => `${keyName(KEY)}.`, PLACE],
    ['nothing', [KEY], () => '', PLACE],
    ['a plain text', [KEY], () => 'whsec_c2VjcmV0', PLACE],
  ])('refuses %s, and tells nothing of it', async (_name, keys, change, place) => {
    const sealed = change(await encrypt(KEY, 'whsec_c2VjcmV0', PLACE))
    const refused = await decrypt(keys, sealed, place).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(DecryptError)
    expect(String(refused)).toMatch(/^SealError: (The key of this|This) ciphertext [a-z, ]+$/)
  })
})

function rename(sealed: string): string {
  return `${keyName(OTHER)}.${sealed.split('.')[1]}`
}
