import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import { ConfigError, configOf } from '../../src/core/config'

const DAY = 86_400_000
const app = createApp()

afterEach(() => {
  vi.useRealTimers()
})

function get(variables: Record<string, string> = {}, init: RequestInit = {}) {
  return app.request('https://api.example.com/.well-known/security.txt', init, { ...env, ...variables })
}

async function fieldsOf(response: Response): Promise<Record<string, string>> {
  const lines = (await response.text()).trimEnd().split('\n')
  return Object.fromEntries(lines.map((line) => line.split(/: (.*)/)))
}

describe('GET /.well-known/security.txt', () => {
  it('returns a file of RFC 9116, without a credential', async () => {
    const response = await get()
    expect([response.status, response.headers.get('Content-Type')]).toEqual([200, 'text/plain; charset=UTF-8'])
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(await fieldsOf(response)).toEqual({
      Contact: 'mailto:security@api.example.com',
      Expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      'Preferred-Languages': 'en',
      Canonical: 'https://api.example.com/.well-known/security.txt',
    })
  })

  it('returns the contact and the origin of the operator', async () => {
    const variables = {
      SECURITY_CONTACT: 'https://acme.example/security',
      PUBLIC_ORIGIN: 'https://tickets.acme.example',
    }
    expect(await fieldsOf(await get(variables))).toMatchObject({
      Contact: 'https://acme.example/security',
      Canonical: 'https://tickets.acme.example/.well-known/security.txt',
    })
  })

  it.each([0, 400 * DAY, 40_000 * DAY])('expires in the future, and within a year: %i ms from now', async (later) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + later)
    const left = Date.parse((await fieldsOf(await get())).Expires ?? '') - Date.now()
    expect(left).toBeGreaterThan(30 * DAY)
    expect(left).toBeLessThan(365 * DAY)
  })

  it('supports HEAD', async () => {
    const response = await get({}, { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  it.each(['security@example.com', 'http://example.com', 'mailto:', 'https://a.example\nExpires: x', 'javascript:x'])(
    'rejects the contact %j',
    (SECURITY_CONTACT) => {
      expect(() => configOf({ ...env, SECURITY_CONTACT })).toThrow(ConfigError)
    },
  )
})
