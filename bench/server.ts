import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Miniflare } from 'miniflare'
import { unstable_getMiniflareWorkerOptions, unstable_readConfig, unstable_splitSqlQuery } from 'wrangler'
import { ROOT } from '../scripts/lib/local-state.ts'
import { findChild } from './cpu-time.ts'
import { SECRET } from './token.ts'
import { seedStatements } from './world.ts'

/**
 * A process of its own that serves a bundle with a configuration on a free port of loopback, over data of its own, and
 * tells its parent the address and the runtime's process. It ends, and takes its data with it, once the parent lets go of it or dies.
 */
async function main(config: string, file: string): Promise<void> {
  const letGo = once(process, 'disconnect')
  const folder = mkdtempSync(join(tmpdir(), 'ticketing-bench-'))
  const server = serve(config, file, folder)
  try {
    await Promise.race([start(server), letGo])
    await letGo
  } finally {
    await server.dispose()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function start(server: Miniflare): Promise<void> {
  const { origin } = await server.ready
  await fill(server)
  process.send?.({ origin, runtime: findChild(process.pid, 'workerd') })
}

/** As `wrangler dev` would, but without its proxy; what leaves for the network is refused. */
function serve(configPath: string, file: string, folder: string): Miniflare {
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
    },
    resourcePersistencePath: folder,
    workers: [
      {
        ...workerOptions,
        name: config.name ?? 'bench',
        modules: [{ type: 'ESModule', path: 'index.js', contents: readFileSync(file, 'utf8') }],
        bindings: { ...config.vars, APP_SECRET: SECRET, RATE_LIMIT_PREMIUM: '100000000' },
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

async function fill(server: Miniflare): Promise<void> {
  const db = await server.getD1Database('DB')
  const folder = join(ROOT, 'migrations')
  const files = readdirSync(folder).filter((file) => file.endsWith('.sql'))
  const migrations = files.sort().flatMap((file) => unstable_splitSqlQuery(readFileSync(join(folder, file), 'utf8')))
  for (const sql of [...migrations, ...seedStatements()]) await db.prepare(sql).run()
}

const [config, file] = process.argv.slice(2)
if (!config || !file) throw new Error('a configuration and a bundle must be named')
await main(config, file)
