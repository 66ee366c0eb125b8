import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { addRoute, describeRoute, empty, json, jsonRequest } from '../http/route'
import { personGuard, publicGuard } from '../rate-limiting/middleware'
import { EVERYONE } from '../roles'
import { publicContext, serviceContext } from '../service-context'
import { LoginAnswer, LoginBody, RegisterBody } from './schema'
import { login, logout, register } from './service'

const tags = ['Authentication']

const loginRoute = describeRoute({
  method: 'post',
  path: '/auth/login',
  operationId: 'login',
  summary: 'Exchange e-mail and password for a token',
  tags,
  security: [],
  guard: publicGuard,
  request: { body: jsonRequest(LoginBody) },
  responses: { 200: json(LoginAnswer, 'The token and its user') },
})

const registerRoute = describeRoute({
  method: 'post',
  path: '/auth/register',
  operationId: 'register',
  summary: 'Join an account as a customer, where it is open',
  tags,
  security: [],
  guard: publicGuard,
  fails: [409],
  request: { body: jsonRequest(RegisterBody) },
  responses: { 201: json(LoginAnswer, 'The token and its user') },
})

const logoutRoute = describeRoute({
  method: 'post',
  path: '/auth/logout',
  operationId: 'logout',
  summary: 'End the token that the request comes with',
  tags,
  guard: personGuard(EVERYONE),
  responses: { 204: empty('Ended') },
})

/** Puts into the router: login and registration for anybody, logout for people. */
export function addAuthRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, loginRoute, async (c) => c.json(await login(publicContext(c), c.req.valid('json')), 200))

  addRoute(app, registerRoute, async (c) => c.json(await register(publicContext(c), c.req.valid('json')), 201))

  addRoute(app, logoutRoute, async (c) => {
    await logout(serviceContext(c))
    return c.body(null, 204)
  })
}
