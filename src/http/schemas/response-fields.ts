import { z } from '@hono/zod-openapi'
import { ID_PATTERN, MAX_ID, TEXT_PATTERN } from './patterns'

/** The kinds of fields that answers share, with the limits that clients can rely on. */

/** An ID. */
export function idField(example: string) {
  return z.string().openapi({ maxLength: MAX_ID, pattern: ID_PATTERN, example })
}

/** A text of at most `max` characters. */
export function textField(max: number) {
  return z.string().openapi({ maxLength: max, pattern: TEXT_PATTERN })
}

/** A whole number from `min` to `max`, which is as far as whole numbers of JSON go where it is not said. */
export function integerField(min = 0, max = Number.MAX_SAFE_INTEGER) {
  const format = max <= 0x7fff_ffff ? 'int32' : 'int64'
  return z.number().int().openapi({ format, minimum: min, maximum: max })
}

/** A time: RFC 3339 in UTC, to the second. */
export const WireTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .openapi({ format: 'date-time', maxLength: 20, example: '2025-05-01T09:30:00Z' })

/** A time that may not have come. */
export const NullableTime = z.union([WireTime, z.null()])

/** A path of this API with its query, no host. */
export const PathUrl = z
  .string()
  .openapi({ format: 'uri-reference', maxLength: 8_000, example: '/api/v1/tickets?page=2' })
