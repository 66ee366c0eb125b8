import { z } from '@hono/zod-openapi'
import { PageQuery, Pagination } from '../http/pagination/page'
import { DATE_RULE, instant, singleLine } from '../http/schemas/request-fields'
import { idField, NullableTime, textField, WireTime } from '../http/schemas/response-fields'
import { toWireTime } from '../lib/time'
import type { ApiKeyRow } from './queries'

const WEEK_SECONDS = 604_800
const DAY_SECONDS = 86_400

const KeyRole = z
  .enum(['agent', 'admin'])
  .openapi('ApiKeyRole', { description: 'What the key may do: as an `agent` or as an `admin`.' })

const shape = {
  id: idField('key_01jt0v7m3zq8x5y2w9r4n6p1kc').openapi({ description: 'ID of the key.' }),
  name: textField(100).openapi({
    description: 'Name of the key, also shown as the author of what it writes.',
    example: 'CRM sync',
  }),
  last_four: z.string().openapi({
    maxLength: 4,
    pattern: '^[0-9a-f]{4}$',
    description: 'Last four characters of the key.',
    example: '9f3a',
  }),
  role: KeyRole,
  created_at: WireTime.openapi({ description: 'Time of creation.' }),
  last_used_at: NullableTime.openapi({
    description: 'Time of the latest use, to the hour; null before the first one.',
  }),
  expires_at: NullableTime.openapi({ description: 'Time at which the key expires; null for never.' }),
  revoked_at: NullableTime.openapi({ description: 'Time at which the key was revoked; null if it was not.' }),
}

const ApiKey = z.object(shape).openapi('ApiKey', { description: 'An API key, without its secret.' })

/** An example that no deployment accepts. */
export const EXAMPLE_KEY = `tk_live_01jt0v7m3zq8x5y2w9r4n6p1kc${'0123456789abcdef'.repeat(6).slice(4)}`

const Key = z.string().openapi({
  maxLength: 126,
  pattern: '^tk_live_[0-9a-z]{26}[0-9a-f]{92}$',
  description: 'The key itself. No later response shows it.',
  example: EXAMPLE_KEY,
})

const ApiKeyWithSecret = z
  .object({ ...shape, key: Key })
  .openapi('ApiKeyWithSecret', { description: 'An API key with its secret.' })

export const ApiKeyWithSecretResponse = z.object({ data: ApiKeyWithSecret }).openapi('ApiKeyWithSecretResponse')
export const ApiKeyList = z
  .object({
    data: z.array(ApiKey).max(100).openapi({ description: 'Keys of this page, newest first.' }),
    pagination: Pagination,
  })
  .openapi('ApiKeyList')

export const ListApiKeysQuery = z.strictObject(PageQuery)
export type ListApiKeysInput = z.infer<typeof ListApiKeysQuery>

export const CreateApiKeyBody = z
  .strictObject({
    name: singleLine(100).openapi({ description: 'Name of the key, 1 to 100 characters.', example: 'CRM sync' }),
    role: KeyRole.optional().openapi({ default: 'agent', description: 'Role of the key.' }),
    expires_at: instant()
      .optional()
      .openapi({
        example: '2030-01-01T00:00:00Z',
        description: `Time in the future at which the key expires; by default never. ${DATE_RULE}`,
      }),
  })
  .openapi('CreateApiKey')
export type CreateApiKeyInput = z.infer<typeof CreateApiKeyBody>

const GRACE_RULE = `must be between 0 and ${WEEK_SECONDS}`

/** An integer beyond 2^53 is out of range, too. */
const integerRule = (issue: { code?: string | undefined }) => (issue.code === 'invalid_type' ? undefined : GRACE_RULE)

export const RotateApiKeyBody = z
  .strictObject({
    grace_seconds: z
      .number()
      .int({ error: integerRule })
      .min(0, GRACE_RULE)
      .max(WEEK_SECONDS, GRACE_RULE)
      .optional()
      .openapi({
        format: 'int32',
        default: DAY_SECONDS,
        description: 'Seconds for which the previous secret stays valid; 0 revokes it immediately.',
        example: 3_600,
      }),
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
