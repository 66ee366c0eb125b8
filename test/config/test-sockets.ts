/** Replaces outgoing sockets by ones that tests control. */
export const testSockets = {
  name: 'test-sockets',
  enforce: 'pre' as const,
  resolveId(source: string, importer?: string) {
    if (source !== 'cloudflare:sockets' || !importer?.includes('/src/')) return null
    return new URL('../helpers/sockets.ts', import.meta.url).pathname
  },
}
