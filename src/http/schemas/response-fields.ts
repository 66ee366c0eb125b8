import { z } from '@hono/zod-openapi'
import { ID_PATTERN, MAX_ID, TEXT_PATTERN } from './patterns'

export function idField(example: string) {
  return z.string().openapi({ maxLength: MAX_ID, pattern: ID_PATTERN, example })
}

/** `max` is in characters. */
export function textField(max: number) {
  return z.string().openapi({ maxLength: max, pattern: TEXT_PATTERN })
}

export function integerField(min = 0, max = Number.MAX_SAFE_INTEGER) {
  const format = max <= 0x7fff_ffff ? 'int32' : 'int64'
  return z.number().int().openapi({ format, minimum: min, maximum: max })
}

/** RFC 3339 in UTC, to the second. */
export const WireTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  .openapi({ format: 'date-time', maxLength: 20, example: '2025-05-01T09:30:00Z' })

export const NullableTime = z.union([WireTime, z.null()])

/** A path with its query, without a host. */
export const PathUrl = z
  .string()
  .openapi({ format: 'uri-reference', maxLength: 8_000, example: '/api/v1/tickets?page=2' })

export const Redacted = z
  .literal(true)
  .optional()
  .openapi({
    description:
      'Only in a replay (`Idempotent-Replayed`), if the ticket or the comment was deleted since: its texts are then empty, and ' +
      'the media types of its files are `application/octet-stream`.',
    example: true,
  })
