import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { SCALAR_FILE } from '../../src/docs/page'
import { call, type TestResponse } from '../helpers/api'
import { ROUTES } from '../helpers/edge'
import { errorLinks } from '../helpers/errors'
import { OPERATIONS, openapi } from '../helpers/openapi'
import { directives, expectUncounted } from '../helpers/pages'

const HASHED = /\/scalar-[\d.]+\.js$/

let page: TestResponse
let named: string[]
let files: string[]

beforeAll(async () => {
  page = await call('GET', '/docs/reference')
  named = [...page.text.matchAll(/(?:src|href)="([^"#]+)"/g)].flatMap((match) => match[1] ?? [])
  files = [...new Set(named)].filter((path) => path.includes('.'))
})

describe('GET /docs/reference', () => {
  it('is a page with a title, a description, a language and an icon', () => {
    expect(page.status).toBe(200)
    expect(page.headers.get('Content-Type')).toBe('text/html; charset=UTF-8')
    expect(page.text).toMatch(/^<!doctype html>\n<html lang="en">/)
    expect(page.text).toContain('<title>Ticketing API reference</title>')
    expect(page.text).toMatch(/<meta name="description" content="[^"]{40,}">/)
    expect(page.text).toContain('<link rel="icon" href="/docs/favicon.svg" type="image/svg+xml">')
  })

  it('has title, introduction and every operation without a script', () => {
    expect(page.text).toContain('<h1>Ticketing API</h1>')
    expect(page.text).toContain('<h2 id="errors">Errors</h2>')
    expect(page.text).toContain('<td><code>invalid_input</code></td>')
    for (const { method, path, summary, tags } of OPERATIONS) {
      const anchor = `tag/${tags[0]?.toLowerCase().replaceAll(' ', '-')}/${method}${path}`
      expect(page.text, summary).toContain(`<a href="#${encodeURI(anchor)}">`)
      expect(page.text, summary).toContain(`<article id="${anchor}">`)
      expect(page.text, summary).toContain(`<code>${method} ${path}</code>`)
    }
    for (const event of Object.keys(openapi.webhooks))
      expect(page.text).toContain(`<article id="tag/webhook-events/webhook/POST/${event}">`)
  })

  it('is complete for a request with conditions, because the nonce is new', async () => {
    const again = await call('GET', '/docs/reference', { headers: { 'If-None-Match': '*', Range: 'bytes=0-9' } })
    expect(again.status).toBe(200)
    expect(again.text.length).toBe(page.text.length)
  })

  it('allows no other host, and no inline script or style', () => {
    const { 'style-src-elem': styles, ...others } = directives(page.headers.get('Content-Security-Policy'))
    expect(others).toEqual({
      'default-src': ["'none'"],
      'script-src': ["'self'"],
      'style-src-attr': ["'unsafe-inline'"],
      'img-src': ["'self'", 'data:', 'blob:'],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
    })
    expect(styles).toEqual(["'self'", expect.stringMatching(/^'nonce-[\w+/]{22}=='$/)])
    expect(page.text).not.toMatch(/<style|<script(?![^>]* src=)|\sstyle=|\son\w+=/)
  })

  it('has a nonce that is new for each response, and is not cached', async () => {
    const nonceOf = ({ headers }: TestResponse) =>
      /nonce-([^']+)/.exec(headers.get('Content-Security-Policy') ?? '')?.[1]
    const again = await call('GET', '/docs/reference')
    expect(page.text).toContain(`<meta property="csp-nonce" content="${nonceOf(page)}">`)
    expect(again.text).toContain(`<meta property="csp-nonce" content="${nonceOf(again)}">`)
    expect(nonceOf(again)).not.toBe(nonceOf(page))
    expect(page.headers.get('Cache-Control')).toBe('no-store')
  })

  it('has the headers of every response except those of the rate limit', () => {
    expect(page.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(page.headers.get('X-Frame-Options')).toBe('DENY')
    expect(page.headers.get('Referrer-Policy')).toBe('no-referrer')
    expect(page.headers.get('X-Request-Id')).toMatch(/^[\w-]{16,}$/)
    expectUncounted(page)
  })

  it('is not counted, for any number of requests', async () => {
    const limiter = vi.spyOn(env.RATE_LIMITER, 'getByName')
    for (const path of ['/docs/reference', ...named]) await call('GET', path)
    expect(limiter).not.toHaveBeenCalled()
    limiter.mockRestore()
  })

  it('responds to HEAD like GET without a body, and to other methods with 405', async () => {
    const head = await call('HEAD', '/docs/reference')
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers.get('Content-Type')).toBe(page.headers.get('Content-Type'))
    expect(directives(head.headers.get('Content-Security-Policy'))).toHaveProperty('script-src', ["'self'"])
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const rejected = await call(method, '/docs/reference')
      expect(rejected.status, method).toBe(405)
      expect(rejected.headers.get('Allow')).toMatch(/^GET(, |$)/)
      expectUncounted(rejected)
    }
  })
})

describe('an asset of the page', () => {
  it('is part of this service', () => {
    expect(files.toSorted()).toEqual(
      ['before-scalar.js', 'favicon.svg', 'reference.css', 'reference.js', SCALAR_FILE].map((name) => `/docs/${name}`),
    )
    for (const path of named) expect(path).toMatch(/^\/docs(\/[\w.-]+){0,2}$/)
  })

  it('exists, with its type and the headers of every response', async () => {
    const types: Record<string, RegExp> = {
      js: /^text\/javascript/,
      svg: /^image\/svg\+xml$/,
      css: /^text\/css/,
    }
    for (const path of files) {
      const response = await call('GET', path)
      expect(response.status, path).toBe(200)
      expect(response.text.length, path).toBeGreaterThan(100)
      expect(response.headers.get('Content-Type'), path).toMatch(types[path.split('.').at(-1) ?? ''] ?? /^$/)
      expect(response.headers.get('X-Content-Type-Options'), path).toBe('nosniff')
      expect(response.headers.get('Content-Security-Policy'), path).toBe("default-src 'none'; frame-ancestors 'none'")
      expect(response.headers.get('X-Request-Id'), path).toMatch(/^[\w-]{16,}$/)
      expectUncounted(response)
    }
  })

  it.each(ROUTES)(
    'is cached forever if its name has its version, and otherwise revalidated, %s',
    async (_name, route) => {
      for (const path of files) {
        const response = await call('GET', path, { route })
        const expected = HASHED.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache'
        expect(response.headers.get('Cache-Control'), path).toBe(expected)
        const tag = response.headers.get('ETag') ?? ''
        expect(tag, path).toMatch(/^(W\/)?"[^"]+"$/)
        const again = await call('GET', path, { headers: { 'If-None-Match': tag }, route })
        expect(again, path).toMatchObject({ status: 304, text: '' })
        expect(again.headers.get('ETag'), path).toBe(tag.replace('W/', ''))
        expect(again.headers.get('Cache-Control'), path).toBe(expected)
      }
      expect(files.filter((path) => HASHED.test(path))).toHaveLength(1)
    },
  )

  it('responds to HEAD like GET without a body, and to other methods with 405', async () => {
    const head = await call('HEAD', '/docs/reference.js')
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers.get('Content-Type')).toMatch(/^text\/javascript/)
    expect((await call('POST', '/docs/reference.js')).status).toBe(405)
  })

  it('is used by the page', async () => {
    for (const path of ['/docs/nothing.js', '/docs/scalar-0.0.0.js', '/docs/a/b', '/docs/%2e%2e%2fdocs', '/docs/%']) {
      const response = await call('GET', path)
      expect(response.body, path).toEqual({
        error: {
          code: 'not_found',
          message: expect.stringMatching(/^No route GET \/docs\//),
          details: [],
          ...errorLinks('not_found', response),
        },
      })
    }
  })
})
