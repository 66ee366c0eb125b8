import { beforeAll, describe, expect, it } from 'vitest'
import { createApp, PREFIXES } from '../../src/app'
import { unknownRouteMessage } from '../../src/http/unknown-route'
import { type Account, call, createTestAccount } from '../helpers/api'
import { OPERATIONS } from '../helpers/openapi'

const SEE = 'See /openapi.json and /docs'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

async function messageOf(method: string, path: string): Promise<string> {
  const response = await call(method, path, { token: account.customer.token })
  expect([response.status, response.body.error.code, response.body.error.details]).toEqual([404, 'not_found', []])
  return response.body.error.message
}

describe('a path without a route', () => {
  it.each([
    ['GET', '/api/v1/ticket', '/api/v1/tickets'],
    ['GET', '/api/v1/tickets/', '/api/v1/tickets'],
    ['GET', '/api/v1//tickets', '/api/v1/tickets'],
    ['GET', '/api/v1/tickets.json', '/api/v1/tickets'],
    ['GET', '/api/v1/Tickets', '/api/v1/tickets'],
    ['POST', '/api/v1/tikcets', '/api/v1/tickets'],
    ['GET', '/tickets', '/api/v1/tickets'],
    ['GET', '/v1/tickets', '/api/v1/tickets'],
    ['GET', '/api/tickets', '/api/v1/tickets'],
    ['GET', '/api/v1/api/v1/tickets', '/api/v1/tickets'],
    ['GET', '/api/1/tickets', '/api/v1/tickets'],
    ['GET', '/ticketing/v1/ticket', '/ticketing/v1/tickets'],
    ['GET', '/api/v1/ticket/stat', '/api/v1/tickets/stats'],
    ['GET', '/api/v1/ticket/abc', '/api/v1/tickets/{ticket_id}'],
    ['GET', '/api/v1/ticket/ticket123/comment', '/api/v1/tickets/{ticket_id}/comments'],
    ['POST', '/auth/logn', '/api/v1/auth/login'],
    ['GET', '/api/v1/api_keys', '/api/v1/api-keys'],
    ['GET', '/openapi', '/openapi.json'],
    ['GET', '/heath', '/health'],
  ])('suggests the nearest route for %s %s', async (method, path, suggested) => {
    expect(await messageOf(method, path)).toBe(`No route ${method} ${path}. Did you mean ${suggested}? ${SEE}`)
  })

  it.each(['/', '/nothing', '/api', '/api/v1', '/api/v1/search', '/api/v1/tickets/a/b/c', '/docs/nothing'])(
    'suggests nothing for %s',
    async (path) => {
      if (path === '/') return expect(unknownRouteMessage('PUT', path, [])).toBe(`No route PUT /. ${SEE}`)
      expect(await messageOf('GET', path)).toBe(`No route GET ${path}. ${SEE}`)
    },
  )

  it.each([
    ['/api/v9/tickets', 'No version v9 of this API; existing versions: v1. Did you mean /api/v1/tickets?'],
    ['/ticketing/v2/tickets', 'No version v2 of this API; existing versions: v1. Did you mean /ticketing/v1/tickets?'],
    ['/api/v10/nothing', 'No version v10 of this API; existing versions: v1.'],
    ['/api/v2', 'No version v2 of this API; existing versions: v1.'],
  ])('names the versions for %s', async (path, message) => {
    expect(await messageOf('GET', path)).toBe(`${message} ${SEE}`)
  })

  it('reflects a path shortened and in percent-encoding', async () => {
    expect(await messageOf('GET', '/<script>"\u0000é\n')).toBe(`No route GET /%3Cscript%3E%22%00%C3%A9. ${SEE}`)
    const long = `/api/v1/${'x'.repeat(5_000)}`
    expect(await messageOf('GET', long)).toBe(`No route GET ${long.slice(0, 100)}…. ${SEE}`)
  })

  it('compares no path that is long', () => {
    const routes = new Proxy([{ method: 'GET', path: '/api/v1/tickets' }], {
      get: (_, name) => {
        throw new Error(`the routes are read: ${String(name)}`)
      },
    })
    for (const path of [`/${'a'.repeat(300)}`, '/a'.repeat(11), '/'])
      expect(unknownRouteMessage('GET', path, routes)).toMatch(/^No route GET/)
    expect(() => unknownRouteMessage('GET', '/a', routes)).toThrow('the routes are read')
  })
})

const ROUTES = createApp().routes

interface Miss {
  mistake: string
  method: string
  wrong: string
  suggested: string
}

const MISTAKES: Record<string, (path: string, prefix: string) => string> = {
  'a slash at the end': (path) => `${path}/`,
  'two slashes': (path) => path.replace(/\/(?=[^/]*$)/, '//'),
  'an extension': (path) => `${path}.json`,
  capitals: (path) => path.replace(/[^/]+$/, (last) => last.toUpperCase()),
  'a missing letter': (path, prefix) =>
    `${prefix}${path.slice(prefix.length).replace(/[a-z]{4,}/g, (name) => name.slice(0, -1))}`,
  'swapped letters': (path) => path.replace(/([a-z]{2})([a-z])([a-z])(?=[a-z]*(?:\/|$))/, '$1$3$2'),
  'no prefix': (path, prefix) => path.slice(prefix.length),
  'no version': (path) => path.replace('/v1', ''),
  'the version alone': (path) => path.replace(/^\/\w+/, ''),
  'another version': (path) => path.replace('/v1/', '/v2/'),
  'the prefix twice': (path, prefix) => `${prefix}${path}`,
}

/** The patterns of the routes below a prefix, with IDs in place of the parameters. */
const MISSES: Miss[] = PREFIXES.flatMap((prefix) =>
  OPERATIONS.filter(({ path }) => !/^\/(health|openapi|files)/.test(path)).flatMap(({ method, path }) =>
    Object.entries(MISTAKES).map(([mistake, make]) => ({
      mistake,
      method,
      wrong: make(`${prefix}${path.replace(/\{\w+\}/g, 'id_1')}`, prefix),
      suggested: `${prefix}${path}`,
    })),
  ),
).filter(({ wrong }) => !isRouted(wrong))

function isRouted(path: string): boolean {
  const given = path.split('/')
  return ROUTES.some(({ path: pattern }) => {
    const wanted = pattern.split('/')
    return (
      wanted.length === given.length &&
      wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
    )
  })
}

describe('a near miss', () => {
  it('is made of every route', () => {
    expect(new Set(MISSES.map(({ mistake }) => mistake))).toEqual(new Set(Object.keys(MISTAKES)))
    expect(MISSES.length).toBeGreaterThan(700)
  })

  it.each(Object.keys(MISTAKES))('with %s suggests the route', (mistake) => {
    const wrong = MISSES.filter((miss) => miss.mistake === mistake).flatMap(({ method, wrong: path, suggested }) => {
      const message = unknownRouteMessage(method, path, ROUTES)
      const found = /Did you mean (\S+)\?/.exec(message)?.[1]
      // Without the first segment, both prefixes are as near.
      const isSuggested = found === suggested || found === suggested.replace('/ticketing/v1', '/api/v1')
      return isSuggested ? [] : [`${method} ${path}: ${found}`]
    })
    expect(wrong).toEqual([])
  })
})
