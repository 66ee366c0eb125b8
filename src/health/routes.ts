import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { version } from '../../package.json'
import type { AppEnv } from '../http/app-env'
import { unmetered } from '../http/openapi/guard'
import { json } from '../http/openapi/responses'
import { defineRoute } from '../http/openapi/route'
import { ErrorBody } from '../http/schemas/error'
import { checkHealth } from './service'

const Check = z.enum(['ok', 'failed']).openapi('HealthCheck', { description: '`ok` or `failed`.' })

const Health = z
  .object({
    status: Check,
    version: z.string().openapi({
      maxLength: 50,
      pattern: '^\\d+\\.\\d+\\.\\d+',
      description: 'Version of the service.',
      example: '0.1.0',
    }),
    checks: z
      .object({ database: Check, files: Check, rate_limiter: Check, sweeper: Check })
      .openapi({ description: 'Result of each check.' }),
  })
  .openapi('Health', { description: 'State of the service.' })

const HEALTHY: z.infer<typeof Health> = {
  status: 'ok',
  version,
  checks: { database: 'ok', files: 'ok', rate_limiter: 'ok', sweeper: 'ok' },
}

const UNHEALTHY: z.infer<typeof Health> = {
  ...HEALTHY,
  status: 'failed',
  checks: { ...HEALTHY.checks, database: 'failed' },
}

const healthRoute = defineRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  summary: 'Check health',
  description:
    'Returns the state of the service and of its dependencies, which are checked at most every 10 seconds. There is no rate ' +
    'limit.',
  tags: ['Service'],
  guard: unmetered,
  // Monitors may add a parameter of their own.
  request: { query: z.object({}) },
  responses: {
    200: json(Health, 'All checks passed', HEALTHY),
    503: json(z.union([Health, ErrorBody]), 'A check failed, or the service is not configured', UNHEALTHY),
  },
})

export function registerHealthRoutes(app: OpenAPIHono<AppEnv>): void {
  app.openapi(healthRoute, async (c) => {
    const checks = await checkHealth(c.env, Date.now())
    const healthy = Object.values(checks).every((result) => result === 'ok')
    const body = { version, checks }
    return healthy
      ? c.json({ status: 'ok' as const, ...body }, 200)
      : c.json({ status: 'failed' as const, ...body }, 503)
  })
}
