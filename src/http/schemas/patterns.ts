import { BIDI_CONTROLS } from '../../lib/text'

/** Regular expressions of JSON Schema, which its validators in all languages support. */

/** Printable ASCII, for headers. */
export const ASCII_PATTERN = '^[\\x20-\\x7e]*$'

export const MAX_ID = 64
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

const NO_CONTROL = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f'

/** No control characters except for tab and newlines. */
export const TEXT_PATTERN = `^[^${NO_CONTROL}]*$`

/** White space and other characters that are not visible, without those that `BIDI_CONTROLS` or `NO_CONTROL` has. */
const INVISIBLE =
  ' \\u00a0\\u00ad\\u034f\\u115f\\u1160\\u1680\\u17b4\\u17b5\\u180b-\\u180f\\u2000-\\u200d\\u2028\\u2029\\u202f\\u205f-\\u2065' +
  '\\u206a-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb'

/**
 * As `TEXT_PATTERN`, without characters that change the direction of text, and with a visible character. Invisible
 * characters beyond U+FFFF pass: not every validator knows their escapes.
 */
export const LINE_PATTERN =
  `^[\\t\\n\\r${INVISIBLE}]*[^\\t\\n\\r${NO_CONTROL}${BIDI_CONTROLS}${INVISIBLE}]` +
  `[^${NO_CONTROL}${BIDI_CONTROLS}]*$`

const NOT_IN_FILENAME = `/\\\\\\u0000-\\u001f\\u007f-\\u009f${BIDI_CONTROLS}`

/** As `LINE_PATTERN`, without a path, tabs and newlines. */
export const FILENAME_PATTERN = `^(?!\\.{1,2}$)[${INVISIBLE}]*[^${NOT_IN_FILENAME}${INVISIBLE}][^${NOT_IN_FILENAME}]*$`

/** A media type without parameters. */
export const MAX_MEDIA_TYPE = 192
export const MEDIA_TYPE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$'
