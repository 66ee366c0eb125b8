import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { unstable_readConfig } from 'wrangler'
import type { Bundle } from './build.ts'
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

/** Loads a bundled Worker into this process, and discards what it logs. */
export async function loadWorker({ file }: Bundle): Promise<Worker> {
  const module: { default: Worker } = await import(pathToFileURL(file).href)
  console.info = () => undefined
  return module.default
}

/** The variables of a Worker, as it is measured. */
export function variablesOf({ config }: Bundle): Record<string, unknown> {
  return { ...unstable_readConfig({ config }).vars, APP_SECRET: SECRET, RATE_LIMIT_PREMIUM: '300' }
}
