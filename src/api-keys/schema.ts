import { z } from '@hono/zod-openapi'
import { PageQuery, Pagination } from '../http/pagination/page'
import { instant, singleLine } from '../http/schemas/request-fields'
import { idField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { ApiKeyRow } from './queries'

const WEEK_SECONDS = 604_800
const DAY_SECONDS = 86_400

const KeyRole = z.enum(['agent', 'admin']).openapi('ApiKeyRole')

const shape = {
  id: idField('key_01jt0v7m3zq8x5y2w9r4n6p1kc'),
  name: textField(100),
  last_four: z.string().openapi({ maxLength: 4, pattern: '^[0-9a-f]{4}$', example: '9f3a' }),
  role: KeyRole,
  created_at: WireTime,
  last_used_at: NullableTime.openapi({ description: 'To the hour' }),
  expires_at: NullableTime,
  revoked_at: NullableTime,
}

const ApiKey = z.object(shape).openapi('ApiKey')

const Key = z
  .string()
  .openapi({ maxLength: 126, pattern: '^tk_live_[0-9a-z]{26}[0-9a-f]{92}$', description: 'Shown here and never again' })

const ApiKeyWithSecret = z.object({ ...shape, key: Key }).openapi('ApiKeyWithSecret')

export const ApiKeyWithSecretResponse = z.object({ data: ApiKeyWithSecret }).openapi('ApiKeyWithSecretResponse')
export const ApiKeyList = z.object({ data: z.array(ApiKey).max(100), pagination: Pagination }).openapi('ApiKeyList')

export const ListApiKeysQuery = z.strictObject(PageQuery)
export type ListApiKeysInput = z.infer<typeof ListApiKeysQuery>

export const CreateApiKeyBody = z
  .strictObject({
    name: singleLine(100),
    role: KeyRole.optional().openapi({ default: 'agent' }),
    expires_at: instant().optional().openapi({
      example: '2030-01-01T00:00:00Z',
      description: 'An RFC 3339 time or a date that lies ahead',
    }),
  })
  .openapi('CreateApiKey')
export type CreateApiKeyInput = z.infer<typeof CreateApiKeyBody>

const GRACE_RULE = `must be between 0 and ${WEEK_SECONDS}`

export const RotateApiKeyBody = z
  .strictObject({
    grace_seconds: z
      .number()
      .int()
      .min(0, GRACE_RULE)
      .max(WEEK_SECONDS, GRACE_RULE)
      .optional()
      .openapi({ format: 'int32', default: DAY_SECONDS, description: 'How long the old secret stays good' }),
  })
  .openapi('RotateApiKey')
export type RotateApiKeyInput = z.infer<typeof RotateApiKeyBody>

export const DEFAULT_GRACE_SECONDS = DAY_SECONDS

export function presentApiKey(row: ApiKeyRow): z.infer<typeof ApiKey> {
  return {
    id: row.id,
    name: row.name,
    last_four: row.last_four,
    role: row.role === 'admin' ? 'admin' : 'agent',
    created_at: toWireTime(row.created_at),
    last_used_at: wireTimeOrNull(row.last_used_at),
    expires_at: wireTimeOrNull(row.expires_at),
    revoked_at: wireTimeOrNull(row.revoked_at),
  }
}

function wireTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : toWireTime(milliseconds)
}
