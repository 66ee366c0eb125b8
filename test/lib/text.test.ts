import { describe, expect, it } from 'vitest'
import { asciiLower, characters, cleaned, isCleanText, isEmail, utf8Bytes } from '../../src/lib/text'

describe('isCleanText', () => {
  it.each(['', 'a', '\t\r\n', 'é', '😀', '\u200b\u202e\ufeff\ufffe', '\u{10ffff}', '\u00a0'])(
    'lets %j through',
    (text) => {
      expect(isCleanText(text)).toBe(true)
    },
  )

  it.each([
    '\0',
    'a\0b',
    '\u0001',
    '\u0008',
    '\u000b',
    '\u000c',
    '\u001f',
    '\u007f',
    '\u0080',
    '\u009f',
    '\ud800',
    'a\udc00',
  ])('refuses %j', (text) => {
    expect(isCleanText(text)).toBe(false)
  })
})

describe('cleaned', () => {
  it('replaces each control character and lone surrogate by U+FFFD', () => {
    expect(cleaned('a\0b\u007f\n\ud800é😀')).toBe('a\ufffdb\ufffd\n\ufffdé😀')
  })
})

describe('lengths', () => {
  it('are code points, and bytes of UTF-8', () => {
    expect([characters(''), characters('aé😀')]).toEqual([0, 3])
    expect([utf8Bytes(''), utf8Bytes('aé😀')]).toEqual([0, 7])
  })
})

describe('isEmail', () => {
  it.each([
    ...['a@b.c', 'jane.smith+tag@mail.example.com', "o'brien_x@x-y.example", '%!#$&*/=?^`{|}~-@1.2'],
    ...['用户@例子.广告', 'zoë@exämple.de', 'key_01j@keys.invalid', `${'a.'.repeat(100)}a@b.c`],
  ])('lets %j through', (text) => {
    expect(isEmail(text)).toBe(true)
  })

  it.each([
    ...['', 'a', '@', 'a@b', '@b.c', 'a@.c', 'a@b.', 'a@b..c', '.a@b.c', 'a.@b.c', 'a..a@b.c', 'a@b@c.d', '"a"@b.c'],
    ...[
      'a b@c.d',
      'a@b c.d',
      'a@b.c*',
      'a@b_c.d',
      'a@-b.c',
      'a@b-.c',
      'a,a@b.c',
      '<a@b.c>',
      'a(x)@b.c',
      'a@[127.0.0.1]',
    ],
    ...['a@b.c\n', 'a\u3000@b.c', `${'a'.repeat(200)}@${'-'.repeat(50)}`],
  ])('refuses %j', (text) => {
    expect(isEmail(text)).toBe(false)
  })
})

describe('asciiLower', () => {
  it('S02 lowers A to Z and nothing else', () => {
    expect(asciiLower('JANE@Example.COM')).toBe('jane@example.com')
    const others = '\u212a \u0130 É ＪＡＮＥ Σ ſ'
    expect(asciiLower(others)).toBe(others)
  })
})
