/** Regular expressions of JSON Schema, which its validators in all languages support. */

/** Printable ASCII, for headers. */
export const ASCII_PATTERN = '^[\\x20-\\x7e]*$'

export const MAX_ID = 64
export const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

const NO_CONTROL = '\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f'

/** No control characters except for tab and newlines. */
export const TEXT_PATTERN = `^[^${NO_CONTROL}]*$`

/** As `TEXT_PATTERN`, and not only white space. */
export const LINE_PATTERN = `^[^${NO_CONTROL}\\S]*[^${NO_CONTROL}\\s][^${NO_CONTROL}]*$`

/** No path, no control characters, and no characters that override the direction of text. */
export const FILENAME_PATTERN = '^(?!\\.{1,2}$)[^/\\\\\\u0000-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]+$'

/** A media type without parameters. */
export const MAX_MEDIA_TYPE = 192
export const MEDIA_TYPE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$'
