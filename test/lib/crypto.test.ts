import { describe, expect, it } from 'vitest'
import { deriveKey, hmac, sha256Hex, timingSafeEqual } from '../../src/lib/crypto'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))

describe('keys and digests', () => {
  it('sha256Hex matches the standard', async () => {
    expect(await sha256Hex(bytes('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
    expect(await sha256Hex(bytes(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  })

  it('hmac matches RFC 4231, test case 2', () => {
    expect(Buffer.from(hmac(Buffer.from('Jefe'), 'what do ya want for nothing?'), 'base64url').toString('hex')).toBe(
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    )
  })

  it('deriveKey returns the same 32 bytes for the same input', () => {
    expect(deriveKey('s', 'tokens')).toEqual(deriveKey('s', 'tokens'))
    expect(deriveKey('s', 'tokens')).not.toEqual(deriveKey('s', 'files'))
    expect(deriveKey('s', 'tokens')).toHaveLength(32)
  })

  it('timingSafeEqual returns true for equal texts only', () => {
    expect(timingSafeEqual('abc', 'abc')).toBe(true)
    expect(timingSafeEqual('', '')).toBe(true)
    for (const other of ['abd', 'ab', 'abcd', '', 'ABC', 'äbc']) expect(timingSafeEqual('abc', other)).toBe(false)
  })
})
