import type { z } from '@hono/zod-openapi'
import { examplePagination } from '../http/pagination/page'
import { type ApiKeyList, type ApiKeyWithSecretResponse, EXAMPLE_KEY } from './schema'

const KEY = {
  id: 'key_01jt0v7m3zq8x5y2w9r4n6p1kc',
  name: 'CRM sync',
  last_four: 'cdef',
  role: 'agent' as const,
  created_at: '2025-05-04T16:05:00Z',
  last_used_at: null,
  expires_at: null,
  revoked_at: null,
}

export const NEW_KEY: z.infer<typeof ApiKeyWithSecretResponse> = { data: { ...KEY, key: EXAMPLE_KEY } }

export const KEYS: z.infer<typeof ApiKeyList> = {
  data: [{ ...KEY, last_used_at: '2025-05-04T17:00:00Z' }],
  pagination: examplePagination('/api-keys'),
}
