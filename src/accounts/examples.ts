import type { z } from '@hono/zod-openapi'
import type { AccountResponse } from './schema'

export { newUserLogin } from '../auth/service'

export const ACME: z.infer<typeof AccountResponse> = {
  data: {
    id: 'acct_acme',
    name: 'Acme',
    slug: 'acme',
    plan: 'standard',
    allow_registration: true,
    created_at: '2024-12-01T00:00:00Z',
  },
}
