import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { call, type TestResponse } from '../helpers/api'
import { ROUTES } from '../helpers/edge'
import { OPERATIONS, openapi } from '../helpers/openapi'
import { directives, expectUncounted } from '../helpers/pages'

const POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src-elem': ["'self'"],
  'style-src-attr': ["'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/** By path: all that can be reached from /docs. */
const found = new Map<string, TestResponse>()
let pages: [path: string, page: TestResponse][]
let files: [path: string, file: TestResponse][]

beforeAll(async () => {
  await visit('/docs')
  pages = [...found].filter(([path, { headers }]) => path !== '/docs/reference' && isHtml(headers))
  files = [...found].filter(([path, { headers }]) => path.startsWith('/docs/') && !isHtml(headers))
})

const isHtml = (headers: Headers) => headers.get('Content-Type')?.startsWith('text/html') ?? false

async function visit(path: string): Promise<void> {
  if (found.has(path)) return
  const response = await call('GET', path)
  const target = response.headers.get('Location')
  if (target) return visit(target)
  found.set(path, response)
  if (isHtml(response.headers)) for (const linked of pathsIn(response.text)) await visit(linked)
}

function pathsIn(html: string): string[] {
  const named = [...html.matchAll(/(?:src|href)="(\/[^"#]*)(?:#[^"]*)?"/g)].flatMap((match) => match[1] ?? [])
  return [...new Set(named)]
}

describe('the pages below /docs', () => {
  it('link to pages and files that exist', () => {
    expect(pages.map(([path]) => path)).toEqual(expect.arrayContaining(['/docs', '/docs/operations']))
    for (const path of ['/docs/reference', '/openapi.json', '/llms.txt']) expect([...found.keys()]).toContain(path)
    for (const [path, { status }] of found) expect(status, path).toBe(200)
  })

  it('name no other host in scripts, styles and images', () => {
    for (const [path, { text }] of pages)
      for (const [, url] of text.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"/g))
        expect(url, path).toMatch(/^(\/docs\/|data:)/)
  })

  it('have a title, a description, a language, an icon and a main heading', () => {
    for (const [path, { text }] of pages) {
      expect(text, path).toMatch(/^<!DOCTYPE html>\n<html lang="en-US"/)
      expect(text, path).toMatch(/<title>.*Ticketing API<\/title>/)
      expect(text, path).toMatch(/<meta name="description" content="[^"]{40,}">/)
      expect(text, path).toContain('<link rel="icon" href="/docs/favicon.svg" type="image/svg+xml">')
      expect(text.match(/<h1[ >]/g), path).toHaveLength(1)
    }
  })

  it('have a policy without inline scripts and styles, and contain none', () => {
    for (const [path, { text, headers }] of pages) {
      expect(directives(headers.get('Content-Security-Policy')), path).toEqual(POLICY)
      expect(text, path).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+="/)
    }
  })

  it('have the headers of every response, and none of the rate limit', () => {
    for (const [path, response] of pages) {
      expect(response.headers.get('X-Content-Type-Options'), path).toBe('nosniff')
      expect(response.headers.get('X-Frame-Options'), path).toBe('DENY')
      expect(response.headers.get('X-Request-Id'), path).toMatch(/^[\w-]{16,}$/)
      expectUncounted(response)
    }
  })

  it('are not counted', async () => {
    const limiter = vi.spyOn(env.RATE_LIMITER, 'getByName')
    for (const path of ['/docs', '/docs/operations', '/docs/index.md', '/llms.txt']) await call('GET', path)
    expect(limiter).not.toHaveBeenCalled()
    limiter.mockRestore()
  })

  it.each(ROUTES)('are revalidated with their ETag %s', async (_name, route) => {
    for (const [path] of pages) {
      const { headers } = await call('GET', path, { route })
      expect(headers.get('Cache-Control'), path).toBe('no-cache')
      const tag = headers.get('ETag') ?? ''
      const again = await call('GET', path, { headers: { 'If-None-Match': tag }, route })
      expect(again, path).toMatchObject({ status: 304, text: '' })
      expect(again.headers.get('ETag'), path).toBe(tag.replace('W/', ''))
      expect(directives(again.headers.get('Content-Security-Policy')), path).toEqual(POLICY)
    }
  })

  it('support HEAD, and return 405 for other methods', async () => {
    for (const [path, page] of pages) {
      const head = await call('HEAD', path)
      expect(head, path).toMatchObject({ status: 200, text: '' })
      expect(head.headers.get('Content-Type'), path).toBe(page.headers.get('Content-Type'))
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const rejected = await call(method, '/docs/operations')
      expect([rejected.status, rejected.headers.get('Allow')], method).toEqual([405, expect.stringMatching(/^GET/)])
      expectUncounted(rejected)
    }
  })

  it.each([
    ['/', '/docs'],
    ['/docs/', '/docs'],
    ['/docs/guides', '/docs'],
    ['/docs/guides/', '/docs/guides'],
    ['/docs/operations/', '/docs/operations'],
    ['/docs/operations.html', '/docs/operations'],
    ['/docs/guides/webhooks.html', '/docs/guides/webhooks'],
  ])('are also found at %s, uncounted', async (path, target) => {
    const response = await call('GET', path)
    expect([response.status, response.headers.get('Location')]).toEqual([302, target])
    expectUncounted(response)
  })

  it('have one path each: other paths return a JSON error', async () => {
    const names = ['nothing', 'guides/nothing', 'guides/nothing.md', 'nothing.js', 'assets/nothing.js', '.site.json']
    const others = ['/docs//example.com/', '/docs/%2e%2e%2fdocs', '/docs/%', '/docs/a/../../.site.json', '/llms.md']
    for (const path of [...names.map((name) => `/docs/${name}`), ...others]) {
      const { status, headers, body } = await call('GET', path)
      expect([status, headers.get('Content-Type')], path).toEqual([404, 'application/json'])
      expect(body.error.code, path).toBe('not_found')
    }
  })
})

describe('the files of the pages', () => {
  it('have their types', () => {
    const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }
    expect(files.length).toBeGreaterThan(5)
    for (const [path, { headers }] of files)
      expect(headers.get('Content-Type'), path).toMatch(types[path.split('.').at(-1) ?? ''] ?? /^$/)
  })

  it.each(ROUTES)(
    'are cached forever if a hash is in their name, and revalidated otherwise, %s',
    async (_name, route) => {
      for (const [path] of files) {
        const { headers } = await call('GET', path, { route })
        const isHashed = path.startsWith('/docs/assets/') || path.includes('scalar-')
        const expected = isHashed ? 'public, max-age=31536000, immutable' : 'no-cache'
        expect(headers.get('Cache-Control'), path).toBe(expected)
        const tag = headers.get('ETag') ?? ''
        const again = await call('GET', path, { headers: { 'If-None-Match': tag }, route })
        expect(again, path).toMatchObject({ status: 304, text: '' })
      }
    },
  )
})

describe('the documentation for programs', () => {
  it('is listed in /llms.txt, with links that exist', async () => {
    const { headers, text } = await call('GET', '/llms.txt')
    expect(headers.get('Content-Type')).toBe('text/plain; charset=utf-8')
    expect(text).toMatch(/^# Ticketing API\n\n> .+\n/)
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link)
    for (const link of links) expect((await call('GET', link)).status, link).toBe(200)
    const markdown = pages.map(([path]) => (path === '/docs' ? '/docs/index.md' : `${path}.md`))
    expect(links.toSorted()).toEqual([...markdown, '/llms-full.txt', '/openapi.json'].toSorted())
  })

  it('has a Markdown version of each page, without attributes of code blocks', async () => {
    const all = await call('GET', '/llms-full.txt')
    for (const [path] of pages) {
      const { headers, text } = await call('GET', path === '/docs' ? '/docs/index.md' : `${path}.md`)
      expect(headers.get('Content-Type'), path).toBe('text/markdown; charset=utf-8')
      expect(headers.get('Cache-Control'), path).toBe('no-cache')
      expect(text, path).toMatch(/^# .+\n/)
      expect(text, path).not.toMatch(/^\s*```\S+ /m)
      expect(all.text, path).toContain(text.trim())
    }
  })

  it('has a section for each operation and event, with a link into the reference', async () => {
    const { text } = await call('GET', '/docs/operations')
    const events = Object.values(openapi.webhooks).map(({ post }) => post)
    for (const { operationId } of [...OPERATIONS, ...events]) expect(text).toContain(`<h3 id="${operationId}"`)
    const reference = found.get('/docs/reference')?.text
    const anchors = [...text.matchAll(/href="\/docs\/reference#([^"]+)" target="_self"/g)].map(
      ([, anchor = '']) => anchor,
    )
    expect(anchors).toHaveLength(OPERATIONS.length + events.length)
    for (const anchor of anchors) expect(reference).toContain(`id="${decodeURI(anchor)}"`)
  })
})
