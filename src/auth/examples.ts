import type { z } from '@hono/zod-openapi'
import { EXAMPLE_TOKEN, type LoginResult } from './schema'

export const LOGGED_IN: z.infer<typeof LoginResult> = {
  token: EXAMPLE_TOKEN,
  expires_at: '2025-06-04T12:00:00Z',
  user: { id: 'user123', name: 'John Doe', email: 'user@example.com', role: 'agent' },
}

export function newUserLogin(role: 'admin' | 'customer', email: string): z.infer<typeof LoginResult> {
  return { ...LOGGED_IN, user: { id: 'user_01jt0v7m3zq8x5y2w9r4n6p1kc', name: 'Jo Ruiz', email, role } }
}
