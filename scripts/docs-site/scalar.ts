import packageJson from '../../package.json' with { type: 'json' }
import { SCALAR_VERSION } from '../../src/docs/page.ts'

interface Route {
  url: string
  handler(request: null, reply: { header(): unknown; send(body: unknown): void }): void
}

/**
 * The package is a Fastify plugin that contains the script: this calls its route like Fastify would. Throws if the page names
 * another version than package.json.
 */
export async function scalarScript(): Promise<string> {
  const installed = packageJson.dependencies['@scalar/fastify-api-reference']
  if (installed !== SCALAR_VERSION) throw new Error(`src/docs/page.ts names Scalar ${SCALAR_VERSION}, not ${installed}`)
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
