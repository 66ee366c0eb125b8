import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { call } from '../helpers/api'
import { sessions } from '../helpers/d1'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('/health with a failing dependency', () => {
  it('is 503 with its name, and checks it every ten seconds at most', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const broken = vi.spyOn(sessions, 'batch').mockRejectedValue(new Error('SELECT secret'))
    const response = await call('GET', '/health')
    expect(response.status).toBe(503)
    expect(response.body).toMatchObject({
      status: 'failed',
      checks: { database: 'failed', files: 'ok', rate_limiter: 'ok' },
    })
    expect(response.text).not.toContain('SELECT')
    broken.mockRestore()
    vi.setSystemTime(Date.now() + 9_000)
    expect((await call('GET', '/health')).status).toBe(503)
    vi.setSystemTime(Date.now() + 1_000)
    expect((await call('GET', '/health')).status).toBe(200)
    const files = vi.spyOn(env.FILES, 'head').mockRejectedValue(new Error('gone'))
    vi.setSystemTime(Date.now() + 10_000)
    expect((await call('GET', '/health')).body.checks).toEqual({
      database: 'ok',
      files: 'failed',
      rate_limiter: 'ok',
      sweeper: 'ok',
    })
    expect(files).toHaveBeenCalledTimes(1)
    files.mockRestore()
    vi.spyOn(env.SWEEPER, 'getByName').mockImplementation(() => {
      throw new Error('Durable Object is overloaded')
    })
    vi.setSystemTime(Date.now() + 10_000)
    const without = await call('GET', '/health')
    expect([without.status, without.body.checks.sweeper]).toEqual([503, 'failed'])
  })
})
