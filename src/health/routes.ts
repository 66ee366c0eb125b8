import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { version } from '../../package.json'
import type { AppEnv } from '../http/app-env'
import { checkHealth } from './service'

const Check = z.enum(['ok', 'failed'])

const Health = z
  .object({
    status: Check,
    version: z.string(),
    checks: z.object({ database: Check, files: Check, rate_limiter: Check, sweeper: Check }),
  })
  .openapi('Health', {
    example: {
      status: 'ok',
      version: '0.1.0',
      checks: { database: 'ok', files: 'ok', rate_limiter: 'ok', sweeper: 'ok' },
    },
  })

const content = { 'application/json': { schema: Health } }

const healthRoute = createRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  summary: 'Whether the service can do its work',
  tags: ['Service'],
  security: [],
  responses: { 200: { description: 'All checks passed', content }, 503: { description: 'A check failed', content } },
})

/** Puts the health check into the router: for anybody, not counted by the rate limiter. */
export function addHealthRoutes(app: OpenAPIHono<AppEnv>): void {
  app.openapi(healthRoute, async (c) => {
    const checks = await checkHealth(c.env, Date.now())
    const healthy = Object.values(checks).every((result) => result === 'ok')
    const body = { version, checks }
    return healthy
      ? c.json({ status: 'ok' as const, ...body }, 200)
      : c.json({ status: 'failed' as const, ...body }, 503)
  })
}
