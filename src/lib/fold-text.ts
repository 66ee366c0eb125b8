const ASCII_ONLY = /^[\0-\x7f]*$/

/** In Cyrillic й, ў, ї, ѓ and ќ are letters of their own, but ё is not: it is usually written е. */
const ACCENTS_OF_SOME_LETTERS = '(?<![иу])\\u0306|(?<!і)\\u0308|(?<![гк])\\u0301'
const OTHER_ACCENTS =
  '[\\u0300\\u0302-\\u0305\\u0307\\u0309-\\u036f\\u0483-\\u0487\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\ufe20-\\ufe2f]'
const HEBREW_POINTS = '[\\u0591-\\u05bd\\u05bf\\u05c1\\u05c2\\u05c4\\u05c5\\u05c7]'
const ARABIC_AND_SYRIAC_POINTS =
  '[\\u0610-\\u061a\\u0640\\u064b-\\u065f\\u0670\\u06d6-\\u06dc\\u06df-\\u06e4\\u06e7\\u06e8\\u06ea-\\u06ed\\u0711\\u0730-\\u074a]'

/**
 * Marks that do not make another letter, and characters that are never visible. The marks of all other scripts (kana, Indic
 * scripts, Thai) are parts of words.
 */
const DROPPED = new RegExp(
  `${ACCENTS_OF_SOME_LETTERS}|${OTHER_ACCENTS}|${HEBREW_POINTS}|${ARABIC_AND_SYRIAC_POINTS}|\\p{Default_Ignorable_Code_Point}`,
  'gu',
)

/** Letters without a decomposition, as they are usually typed without them, and the forms of the apostrophe. */
const REPLACED: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  ĸ: 'k',
  ı: 'i',
  ς: 'σ',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
  '‘': "'",
  '’': "'",
  ʼ: "'",
  ʻ: "'",
  ʹ: "'",
}
const REPLACEABLE = /[ßæœøłđðþħŧŋĸıςىیک‘’ʼʻʹ]/gu

/**
 * The form in which texts are compared by a search: without case, accents, differences of Unicode normal forms and width.
 * `Łódź`, `lodz` and a decomposed `ŁÓDŹ` are equal. The result is in NFC and can be longer than the text.
 */
export function foldText(text: string): string {
  if (ASCII_ONLY.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(DROPPED, '')
    .replace(REPLACEABLE, (letter) => REPLACED[letter] ?? letter)
    .normalize('NFC')
}
