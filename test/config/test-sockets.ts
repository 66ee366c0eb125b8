/** A Vite plugin: replaces the outgoing connections of the source by those that tests control. */
export const testSockets = {
  name: 'test-sockets',
  enforce: 'pre' as const,
  resolveId(source: string, importer?: string) {
    if (source !== 'cloudflare:sockets' || !importer?.includes('/src/')) return null
    return new URL('../helpers/sockets.ts', import.meta.url).pathname
  },
}
