import { MAX_RANGE } from '../byte-ranges'
import { MAX_CONDITION } from '../etag'
import { ASCII_PATTERN } from '../schemas/patterns'

/** Request headers that are not validated by a schema. */
export const PARAMETERS = {
  'X-Request-Id': {
    name: 'X-Request-Id',
    in: 'header',
    description:
      'Your ID for this request; the response and the logs repeat it. An invalid value is replaced by a generated one.',
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
      'The `X-D1-Bookmark` of an earlier response: this response is then at least as recent. An invalid value is ignored. ' +
      'See [Read your own writes](/docs/guides/idempotency#read-your-own-writes).',
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
      'The `ETag` of the ticket version that you read, several of them, or `*`. If none is the current version, nothing ' +
      'changes and the response is 412. The weak form (`W/"…"`) is also accepted. See ' +
      '[Concurrent changes](/docs/guides/idempotency#concurrent-changes).',
    schema: { type: 'string', maxLength: MAX_CONDITION, pattern: ASCII_PATTERN, example: '"3.9f86d081884c7d65"' },
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    description: 'The `ETag` of an earlier response: if it is still current, the response is 304 without a body.',
    schema: { type: 'string', maxLength: MAX_CONDITION, pattern: ASCII_PATTERN, example: '"3.9f86d081884c7d65"' },
  },
  Range: {
    name: 'Range',
    in: 'header',
    description:
      'One range of bytes (RFC 9110, section 14.2). Several ranges, or more than 100 characters, are ignored: the response ' +
      'is the whole file.',
    schema: { type: 'string', maxLength: MAX_RANGE, pattern: ASCII_PATTERN, example: 'bytes=0-1023' },
  },
  'If-Range': {
    name: 'If-Range',
    in: 'header',
    description:
      'The `ETag` or `Last-Modified` of the part that you have. If the file is another one, the response is the whole file.',
    schema: { type: 'string', maxLength: 200, pattern: ASCII_PATTERN, example: '"9f86d081884c7d65"' },
  },
} as const

export type ParameterName = keyof typeof PARAMETERS

export function parameterRefs(names: readonly ParameterName[]): { $ref: string }[] {
  return names.map((name) => ({ $ref: `#/components/parameters/${name}` }))
}
