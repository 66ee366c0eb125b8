import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import packageJson from '../package.json' with { type: 'json' }
import { SCALAR_FILE, SCALAR_VERSION } from '../src/docs/page.ts'

const FOLDER = join(import.meta.dirname, '../public/docs')

/**
 * Copies Scalar's script to the files of the documentation page, under the name in the page, and deletes other
 * versions. Wrangler runs it before it serves or deploys. Does nothing if the file exists. Throws if the page names
 * another version than package.json.
 */
export async function buildDocsAssets(): Promise<void> {
  const installed = packageJson.dependencies['@scalar/fastify-api-reference']
  if (installed !== SCALAR_VERSION) throw new Error(`src/docs/page.ts names Scalar ${SCALAR_VERSION}, not ${installed}`)
  const target = join(FOLDER, SCALAR_FILE)
  if (existsSync(target)) return
  const script = await scalarScript()
  const old = readdirSync(FOLDER).filter((name) => /^scalar-.*\.js$/.test(name))
  for (const name of old) rmSync(join(FOLDER, name), { force: true })
  // Renamed, because another process may be doing the same, and an incomplete file must not be served.
  const partial = `${target}.${process.pid}`
  writeFileSync(partial, script)
  renameSync(partial, target)
}

interface Route {
  url: string
  handler(request: null, reply: { header(): unknown; send(body: unknown): void }): void
}

/** The package is a Fastify plugin that contains the script: this calls its route like Fastify would. */
async function scalarScript(): Promise<string> {
  const { default: plugin } = await import('@scalar/fastify-api-reference')
  const routes: Route[] = []
  const fastify = { route: (route: Route) => routes.push(route) }
  plugin(fastify, { configuration: { url: '/openapi.json' } }, () => undefined)
  let sent: unknown
  const reply = {
    header: () => reply,
    send: (body: unknown) => {
      sent = body
    },
  }
  routes.find(({ url }) => url.endsWith('/js/scalar.js'))?.handler(null, reply)
  if (typeof sent !== 'string' || !sent.includes('createApiReference'))
    throw new Error('@scalar/fastify-api-reference no longer serves its script where it did')
  return sent
}

if (import.meta.main) await buildDocsAssets()
