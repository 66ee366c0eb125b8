import { vi } from 'vitest'

/** Stands for the module `cloudflare:sockets` in tests: no connection can be opened but as a test has it. */
export const connect = vi.fn<typeof import('cloudflare:sockets').connect>()
