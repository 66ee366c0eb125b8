import { MAX_RANGE } from '../byte-ranges'
import { MAX_CONDITION } from '../etag'
import { ASCII_PATTERN } from '../schemas/patterns'

/** Request headers that are not validated by a schema. */
export const PARAMETERS = {
  'X-Request-Id': {
    name: 'X-Request-Id',
    in: 'header',
    description:
      'A name for the request, which the answer and the log repeat. In place of one that is no such name they have one of ' +
      'the service.',
    schema: {
      type: 'string',
      maxLength: 255,
      pattern: '^[\\w=-]{1,255}$',
      example: '1b671a64-40d5-491e-99b0-da01ff1f3341',
    },
  },
  'X-D1-Bookmark': {
    name: 'X-D1-Bookmark',
    in: 'header',
    description:
      'As an earlier answer gave it: what is read is then no older than that answer. Who has written within the last ' +
      'minute with the same credential needs none. One that is no bookmark is not heeded.',
    schema: {
      type: 'string',
      maxLength: 500,
      pattern: ASCII_PATTERN,
      example: '00000085-0000024c-00004c6d-8e61117bf38d7adb71b934ebbf891683',
    },
  },
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'The `ETag` of the ticket as you know it, several of them, or `*`. This API compares versions: if none of them is the ' +
      'current version, nothing is changed and the response is 412. The weak form (`W/"3.9f86d081884c7d65"`) is accepted ' +
      'too, because proxies that compress responses produce it.',
    schema: { type: 'string', maxLength: MAX_CONDITION, pattern: ASCII_PATTERN, example: '"3.9f86d081884c7d65"' },
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    description:
      'The `ETag` that the caller has: if it still holds, the answer is 304 without a body. Any other text is a tag that ' +
      'does not hold.',
    schema: { type: 'string', maxLength: MAX_CONDITION, pattern: ASCII_PATTERN, example: '"3.9f86d081884c7d65"' },
  },
  Range: {
    name: 'Range',
    in: 'header',
    description:
      'One range of bytes (RFC 9110, 14.2). Anything else, and anything longer than 100 characters, is ignored.',
    schema: { type: 'string', maxLength: MAX_RANGE, pattern: ASCII_PATTERN, example: 'bytes=0-1023' },
  },
  'If-Range': {
    name: 'If-Range',
    in: 'header',
    description: 'The `ETag` or `Last-Modified` of the part that the caller has; if it does not hold, all is sent.',
    schema: { type: 'string', maxLength: 200, pattern: ASCII_PATTERN, example: '"9f86d081884c7d65"' },
  },
} as const

export type ParameterName = keyof typeof PARAMETERS

export function parameterRefs(names: readonly ParameterName[]): { $ref: string }[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}
