import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  asciiLower,
  characters,
  cleaned,
  hasBidiControl,
  hasMoreBytes,
  hasMoreCharacters,
  hasVisibleCharacter,
  isCleanText,
  isEmail,
  isMatch,
  matchOf,
  utf8Bytes,
} from '../../src/lib/text'
import { patternsRunOn } from '../helpers/patterns-run'

/** Every character of Unicode. */
function every(): string[] {
  return Array.from({ length: 0x11_0000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
}

describe('isCleanText', () => {
  it.each(['', 'a', '\t\r\n', 'é', '😀', '\u200b\u202e\ufeff\ufffe', '\u{10ffff}', '\u00a0'])('accepts %j', (text) => {
    expect(isCleanText(text)).toBe(true)
  })

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
  ])('rejects %j', (text) => {
    expect(isCleanText(text)).toBe(false)
  })
})

describe('hasBidiControl', () => {
  it('is true for Bidi_Control of Unicode only', () => {
    const found = every().filter((character) => hasBidiControl(`a${character}b`))
    expect(found).toEqual(every().filter((character) => /\p{Bidi_Control}/u.test(character)))
    expect(found).toHaveLength(12)
  })
})

describe('hasVisibleCharacter', () => {
  it('is false for white space, control characters, default ignorables and the known blanks', () => {
    const blank = /[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]/u
    const others = every().filter((character) => !hasVisibleCharacter(character) && !blank.test(character))
    expect(every().filter((character) => hasVisibleCharacter(character) && blank.test(character))).toEqual([])
    expect(others.map((character) => (character.codePointAt(0) ?? 0).toString(16))).toEqual([
      ...['2800', 'fff9', 'fffa', 'fffb'],
      ...Array.from({ length: 0x13 }, (_, index) => (0x13430 + index).toString(16)),
      ...['16fe4', '1d159'],
    ])
  })

  it('is true for a text with one of the others', () => {
    for (const text of ['a', ' a', '\u200b\u0301', '\u2800😀', '\ue000\u3164'])
      expect(hasVisibleCharacter(text), text).toBe(true)
    for (const text of ['', '\u200b \u3164', '\u{e0020}\u{1d159}']) expect(hasVisibleCharacter(text), text).toBe(false)
  })
})

describe('cleaned', () => {
  it('replaces each control character and lone surrogate by U+FFFD', () => {
    expect(cleaned('a\0b\u007f\n\ud800é😀')).toBe('a\ufffdb\ufffd\n\ufffdé😀')
  })
})

describe('lengths', () => {
  it('are in code points, and bytes of UTF-8', () => {
    expect([characters(''), characters('aé😀')]).toEqual([0, 3])
    expect([utf8Bytes(''), utf8Bytes('aé😀')]).toEqual([0, 7])
  })

  it.each([
    ['', 0, false],
    ['a', 0, true],
    ['aé😀', 3, false],
    ['aé😀', 2, true],
    ['😀😀😀', 3, false],
    ['😀😀😀a', 3, true],
    ['aaa', 3, false],
    ['aaaa', 3, true],
    ['aaaaaaa', 3, true],
  ])('%j has more than %i characters: %s', (text, max, hasMore) => {
    expect(hasMoreCharacters(text, max)).toBe(hasMore)
  })

  it.each([
    ['', 0, false],
    ['aé😀', 7, false],
    ['aé😀', 6, true],
    ['aaaa', 4, false],
    ['aaaaa', 4, true],
  ])('%j has more than %i bytes: %s', (text, max, hasMore) => {
    expect(hasMoreBytes(text, max)).toBe(hasMore)
  })
})

describe('the cost of a check', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it.each([
    ['has as many UTF-16 units as characters are allowed', 'aaaa', 0],
    ['has more units', 'aaaaa', 1],
    ['has twice as many units', '😀😀😀😀', 1],
    ['has more than twice as many units', 'aaaaaaaaa', 0],
  ])('is bounded by the limit of characters, if the text %s', (_, text, times) => {
    const iterate = vi.spyOn(String.prototype, Symbol.iterator)
    hasMoreCharacters(text, 4)
    const { length } = iterate.mock.calls
    iterate.mockRestore()
    expect(length).toBe(times)
  })

  it('excludes the encoding of a text that has more UTF-16 units than bytes are allowed', () => {
    const encode = vi.spyOn(TextEncoder.prototype, 'encode')
    expect([hasMoreBytes('aaaaa', 4), hasMoreBytes('aaaa', 4)]).toEqual([true, false])
    expect(encode.mock.calls).toEqual([['aaaa']])
  })
})

describe('a pattern', () => {
  it('is not run on a text that is longer than its limit', async () => {
    const results: unknown[] = []
    const patterns = await patternsRunOn(4, () => {
      results.push(isMatch('aaaa', /^a+$/, 3), matchOf('aaaa', /^a+$/, 3), isMatch('aaa', /^a+$/, 3))
      results.push(matchOf('aaa', /^(a)a+$/, 3)?.[1], isMatch('aab', /^a+$/, 3), matchOf('aab', /^a+$/, 3))
    })
    expect(results).toEqual([false, null, true, 'a', false, null])
    expect(patterns).toEqual([])
  })
})

describe('isEmail', () => {
  it.each([
    ...['a@b.c', 'jane.smith+tag@mail.example.com', "o'brien_x@x-y.example", '%!#$&*/=?^`{|}~-@1.2'],
    ...[
      `${'a'.repeat(250)}@b.c`,
      `${'\u{20000}'.repeat(250)}@b.c`,
      '用户@例子.广告',
      'zoë@exämple.de',
      'key_01j@keys.invalid',
      `${'a.'.repeat(100)}a@b.c`,
    ],
  ])('accepts %j', (text) => {
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
    ...['a\u202eb@c.d', 'a\u061c@c.d', 'a@\u200fb.c', 'a@b.c\u2066d'],
    ...['a@b.c\n', 'a\u3000@b.c', `${'a'.repeat(200)}@${'-'.repeat(50)}`, `${'a'.repeat(251)}@b.c`],
  ])('rejects %j', (text) => {
    expect(isEmail(text)).toBe(false)
  })
})

describe('asciiLower', () => {
  it('S02 changes A to Z only', () => {
    expect(asciiLower('JANE@Example.COM')).toBe('jane@example.com')
    const others = '\u212a \u0130 É ＪＡＮＥ Σ ſ'
    expect(asciiLower(others)).toBe(others)
  })
})
