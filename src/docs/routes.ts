import type { Context, Hono } from 'hono'
import { unavailable } from '../core/errors'
import type { AppEnv } from '../http/app-env'
import { withDeadline } from '../lib/deadline'
import { GUIDES_POLICY, referencePolicy } from './content-security-policy'
import { NONCE_PLACEHOLDER, SCALAR_FILE } from './page'

const NONCE_BYTES = 16
/** Names with a hash or a version of the content. */
const HASHED = new RegExp(`^/docs/(assets/.+|${SCALAR_FILE})$`)
const FOREVER = 'public, max-age=31536000, immutable'
/** Cached, but revalidated with the ETag. */
const REVALIDATED = 'no-cache'

const HOME = '/docs'
const FILE = /^\/(docs|llms)[\w./-]*\.(?!html$)\w+$/
const PAGE = /^\/docs\/[\w/-]*\w$/
const OTHER_NAME_OF_PAGE = /^(\/docs\/[\w/-]*\w)(?:\/|\.html)$/

export function registerDocsRoutes(app: Hono<AppEnv>): void {
  for (const path of ['/', '/docs/', '/docs/guides']) app.get(path, (c) => c.redirect(HOME))

  app.get(HOME, (c) => guidesPage(c, '/docs/index.html'))

  app.get('/docs/reference', async (c) => {
    // Without the conditions of the request: the nonce makes each response another one.
    const page = await assetFrom(c, new URL('/docs/reference.html', c.req.url))
    if (!page.ok) return c.notFound()
    const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES)).toBase64()
    const html = (await page.text()).replaceAll(NONCE_PLACEHOLDER, nonce)
    return c.html(html, 200, { 'Content-Security-Policy': referencePolicy(nonce) })
  })

  app.get('/docs/*', (c) => {
    const { pathname } = new URL(c.req.url)
    if (FILE.test(pathname)) return file(c, pathname)
    const [, page] = OTHER_NAME_OF_PAGE.exec(pathname) ?? []
    if (page !== undefined) return c.redirect(page)
    return PAGE.test(pathname) ? guidesPage(c, `${pathname}.html`) : c.notFound()
  })

  for (const path of ['/llms.txt', '/llms-full.txt']) app.get(path, (c) => file(c, path))
}

async function guidesPage(c: Context<AppEnv>, path: string): Promise<Response> {
  return served(c, await assetOf(c, path), { 'Content-Security-Policy': GUIDES_POLICY, 'Cache-Control': REVALIDATED })
}

async function file(c: Context<AppEnv>, path: string): Promise<Response> {
  return served(c, await assetOf(c, path), { 'Cache-Control': HASHED.test(path) ? FOREVER : REVALIDATED })
}

/** With the conditions of the request, so that an unchanged file is a 304. */
function assetOf(c: Context<AppEnv>, path: string): Promise<Response> {
  return assetFrom(c, new Request(new URL(path, c.req.url), c.req.raw))
}

function assetFrom(c: Context<AppEnv>, asset: URL | Request): Promise<Response> {
  return withDeadline(c.env.ASSETS.fetch(asset)).catch((error) => {
    throw unavailable(error)
  })
}

function served(c: Context<AppEnv>, asset: Response, headers: Record<string, string>): Response | Promise<Response> {
  const { body, ok, status } = asset
  if (!ok && status !== 304) return c.notFound()
  return c.newResponse(body, status === 304 ? 304 : 200, { ...kept(asset.headers), ...headers })
}

function kept(headers: Headers): Record<string, string> {
  return Object.fromEntries(
    ['Content-Type', 'Content-Length', 'ETag'].flatMap((name) => {
      const value = headers.get(name)
      return value === null ? [] : [[name, value]]
    }),
  )
}
