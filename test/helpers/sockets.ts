import { vi } from 'vitest'

/** Replaces the module `cloudflare:sockets`: no connection can be opened unless a test mocks it. */
export const connect = vi.fn<typeof import('cloudflare:sockets').connect>()
