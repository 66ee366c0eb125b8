import type { OpenAPIHono } from '@hono/zod-openapi'
import { configOf } from '../env'
import type { AppEnv } from '../http/app-env'
import { addRoute, describeRoute, json, jsonRequest } from '../http/route'
import { publicGuard } from '../rate-limiting/middleware'
import { LoginAnswer, LoginBody } from './schema'
import { login } from './service'

const loginRoute = describeRoute({
  method: 'post',
  path: '/auth/login',
  operationId: 'login',
  summary: 'Exchange e-mail and password for a token',
  tags: ['Authentication'],
  security: [],
  guard: publicGuard,
  request: { body: jsonRequest(LoginBody) },
  responses: { 200: json(LoginAnswer, 'The token and its user') },
})

export function addAuthRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, loginRoute, async (c) => {
    const answer = await login(c.env, configOf(c.env), c.var.costs, c.var.startedAt, c.req.valid('json'))
    return c.json(answer, 200)
  })
}
