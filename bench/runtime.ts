import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from 'wrangler'
import type { Bundle } from './build.ts'
import { SECRET } from './token.ts'

/** No rate limit, and no expired events, because the clock of the data stands still. */
const VARIABLES = { APP_SECRET: SECRET, RATE_LIMIT_PREMIUM: '1000000', EVENT_RETENTION_DAYS: '3650' }

/**
 * Serves a bundle on a free port of localhost, like `wrangler dev` without its proxy; other outgoing requests are
 * rejected. `log` gets the lines that are not errors.
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

/** Wrangler's own dependency, so that it matches the `workerd` that wrangler runs. */
function wranglersMiniflare(): typeof import('miniflare') {
  return createRequire(import.meta.resolve('wrangler'))('miniflare')
}
