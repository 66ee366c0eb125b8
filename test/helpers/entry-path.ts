/**
 * The pool has Node resolve the path of the Worker's entry anew at each request and at each call of an object, which is a
 * quarter of the time that tests take. A path that was resolved once stays as it is: nothing is changed while tests run.
 */

type Resolve = (path: string, importer?: string) => Promise<unknown>

interface Transport {
  resolveId: Resolve & { isRemembered?: true }
}

declare const __vitest_mocker__: { moduleRunner: { vitestOptions: { transport: Transport } } }

/** Remembers what paths are resolved to, unless that is done already: files may share a runtime. */
export function resolveEntryOnce(): void {
  const { transport } = __vitest_mocker__.moduleRunner.vitestOptions
  if (!transport.resolveId.isRemembered) transport.resolveId = remembering(transport.resolveId)
}

function remembering(resolve: Resolve): Transport['resolveId'] {
  const known = new Map<string, unknown>()
  const resolveOnce: Resolve = async (path, importer) => {
    if (importer !== undefined) return resolve(path, importer)
    if (!known.has(path)) known.set(path, await resolve(path))
    return known.get(path)
  }
  return Object.assign(resolveOnce, { isRemembered: true as const })
}
