import type { Hono } from 'hono'
import type { AppEnv } from '../http/app-env'
import { contentSecurityPolicy, renderPage, SCALAR_FILE } from './page'

const NONCE_BYTES = 16
const FOREVER = 'public, max-age=31536000, immutable'
/** Cached, but revalidated with the ETag. */
const REVALIDATED = 'no-cache'

export function registerDocsRoutes(app: Hono<AppEnv>): void {
  for (const path of ['/', '/docs/']) app.get(path, (c) => c.redirect('/docs'))

  app.get('/docs', (c) => {
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toBase64()
    return c.html(renderPage(nonce), 200, { 'Content-Security-Policy': contentSecurityPolicy(nonce) })
  })

  app.get('/docs/:file', async (c) => {
    const { body, headers, ok, status } = await c.env.ASSETS.fetch(c.req.raw)
    if (!ok && status !== 304) return c.notFound()
    const cacheControl = c.req.param('file') === SCALAR_FILE ? FOREVER : REVALIDATED
    return c.newResponse(body, status === 304 ? 304 : 200, { ...cached(headers), 'Cache-Control': cacheControl })
  })
}

function cached(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    ['Content-Type', 'Content-Length', 'ETag'].flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
}
