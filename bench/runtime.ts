import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler'
import type { Bundle } from './build.ts'
import { SECRET } from './token.ts'

/** Nobody is refused, and no event of a world whose clock stands still is old. */
const VARIABLES = { APP_SECRET: SECRET, RATE_LIMIT_PREMIUM: '100000000', EVENT_RETENTION_DAYS: '100000' }

/**
 * Serves a bundle over the data in a folder on a free port of loopback, as `wrangler dev` would, but without its proxy;
 * what leaves for the network is refused. `log` is given the lines that are no errors.
 */
export function startRuntime(
  { config: configPath, file }: Bundle,
  folder: string,
  log: (line: string) => void,
): Miniflare {
  const { Miniflare, NoOpLog, Response, convertV4MiniflareOptions } = wranglersMiniflare()
  const config = unstable_readConfig({ config: configPath })
  const { workerOptions } = unstable_getMiniflareWorkerOptions(config)
  const options = convertV4MiniflareOptions({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    log: new NoOpLog(),
    handleStructuredLogs: ({ level, message }) => {
      if (level === 'error') console.error(message)
      else log(message)
    },
    resourcePersistencePath: folder,
    workers: [
      {
        ...workerOptions,
        name: config.name ?? 'bench',
        modules: [{ type: 'ESModule', path: 'index.js', contents: readFileSync(file, 'utf8') }],
        bindings: { ...config.vars, ...VARIABLES },
        outboundService: () => new Response('blocked', { status: 599 }),
      },
    ],
  })
  return new Miniflare(options)
}

/** It is wrangler's dependency, not ours, so that it always fits the `workerd` that wrangler runs. */
function wranglersMiniflare(): typeof import('miniflare') {
  return createRequire(import.meta.resolve('wrangler'))('miniflare')
}
