import { createExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { OpenAPIHono } from '@hono/zod-openapi'
import { afterEach, expect, it, vi } from 'vitest'
import { createApp } from '../../src/app'
import { requestOf } from '../helpers/api'

afterEach(() => {
  vi.restoreAllMocks()
})

it('builds the OpenAPI document on its first request, not at startup, and only once', async () => {
  const registry = Object.getPrototypeOf(new OpenAPIHono().openAPIRegistry)
  const registered = vi.spyOn(registry, 'registerWebhook')
  const app = createApp()
  const send = (path: string) => app.fetch(requestOf('GET', path), env, createExecutionContext())
  expect((await send('/health')).status).toBe(200)
  expect(registered).not.toHaveBeenCalled()
  expect((await send('/openapi.json')).status).toBe(200)
  const calls = registered.mock.calls.length
  expect(calls).toBeGreaterThan(0)
  expect((await send('/openapi.json')).status).toBe(200)
  expect(registered).toHaveBeenCalledTimes(calls)
})
