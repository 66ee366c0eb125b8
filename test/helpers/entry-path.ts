/**
 * The test pool resolves the path of the Worker's entry at each request and each call of a Durable Object, which takes
 * a quarter of the time of tests. This caches the results, because files do not change during a run.
 */

type Resolve = (path: string, importer?: string) => Promise<unknown>

interface Transport {
  resolveId: Resolve & { isRemembered?: true }
}

declare const __vitest_mocker__: { moduleRunner: { vitestOptions: { transport: Transport } } }

/** Files may share a runtime, so it only patches once. */
export function cacheEntryPath(): void {
  const { transport } = __vitest_mocker__.moduleRunner.vitestOptions
  if (!transport.resolveId.isRemembered) transport.resolveId = remembering(transport.resolveId)
}

function remembering(resolve: Resolve): Transport['resolveId'] {
  const known = new Map<string, unknown>()
  const resolveCached: Resolve = async (path, importer) => {
    if (importer !== undefined) return resolve(path, importer)
    if (!known.has(path)) known.set(path, await resolve(path))
    return known.get(path)
  }
  return Object.assign(resolveCached, { isRemembered: true as const })
}
