import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { unstable_readConfig } from 'wrangler'
import { bindingsOf } from './bindings.ts'
import type { Bundle } from './build.ts'
import type { SqliteD1 } from './sqlite-d1.ts'
import { SECRET } from './token.ts'

interface Worker {
  fetch(request: Request, env: unknown, ctx: unknown): Promise<Response>
}

/** What modules of the runtime export, for a bundle that Node loads. */
const RUNTIME_MODULES = `data:text/javascript,${encodeURIComponent(`
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env } }
  export const env = {}
  export const connect = () => { throw new Error('there are no sockets here') }`)}`

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('cloudflare:') ? { url: RUNTIME_MODULES, shortCircuit: true } : next(specifier, context),
})

/** Loads a bundled Worker into this process, discards what it logs, and returns a function that sends it requests. */
export async function openWorker({ file, config }: Bundle, d1: SqliteD1, accountId: string) {
  const module: { default: Worker } = await import(pathToFileURL(file).href)
  console.info = () => undefined
  const variables = { ...unstable_readConfig({ config }).vars, APP_SECRET: SECRET, RATE_LIMIT_PREMIUM: '300' }
  const env = { ...variables, ...bindingsOf(d1, accountId) }
  const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
  return (path: string, init: RequestInit) =>
    module.default.fetch(new Request(`http://localhost${path}`, init), env, context)
}
