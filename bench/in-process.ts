import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { unstable_readConfig } from 'wrangler'
import { bindingsOf } from './bindings.ts'
import type { Bundle } from './build.ts'
import type { SqliteD1 } from './sqlite-d1.ts'
import { type Role, SECRET } from './token.ts'

interface Worker {
  fetch(request: Request, env: unknown, ctx: unknown): Promise<Response>
  queue(batch: unknown, env: unknown, ctx: unknown): Promise<void>
}

/** What modules of the runtime export, for a bundle that Node loads. */
const RUNTIME_MODULES = `data:text/javascript,${encodeURIComponent(`
  export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env } }
  export const env = {}
  export const connect = () => { throw new Error('sockets are not supported') }`)}`

registerHooks({
  resolve: (specifier, context, next) =>
    specifier.startsWith('cloudflare:') ? { url: RUNTIME_MODULES, shortCircuit: true } : next(specifier, context),
})

const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }

/** Loads a bundled Worker into this process, discards what it logs, and returns a function that sends it requests. */
export async function openWorker(bundle: Bundle, d1: SqliteD1, accountId: string, role: Role | 'admin' = 'agent') {
  const { worker, env } = await load(bundle, d1, accountId, role)
  return (path: string, init: RequestInit) => worker.fetch(new Request(`http://localhost${path}`, init), env, context)
}

/** Like `openWorker`, but the function sends a queue message for the account. Throws if the Worker does not acknowledge it. */
export async function openConsumer(bundle: Bundle, d1: SqliteD1, accountId: string) {
  const { worker, env } = await load(bundle, d1, accountId, 'agent')
  return async () => {
    let isAcknowledged = false
    const message = {
      id: 'message',
      body: { account_id: accountId },
      ack: () => {
        isAcknowledged = true
      },
      retry: () => undefined,
    }
    await worker.queue({ queue: 'webhooks', messages: [message] }, env, context)
    if (!isAcknowledged) throw new Error('The consumer has failed')
  }
}

async function load({ file, config }: Bundle, d1: SqliteD1, accountId: string, role: Role | 'admin') {
  const module: { default: Worker } = await import(pathToFileURL(file).href)
  console.info = () => undefined
  const variables = { ...unstable_readConfig({ config }).vars, APP_SECRET: SECRET, RATE_LIMIT_PREMIUM: '300' }
  return { worker: module.default, env: { ...variables, ...bindingsOf(d1, accountId, role) } }
}
