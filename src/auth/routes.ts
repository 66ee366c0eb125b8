import type { OpenAPIHono } from '@hono/zod-openapi'
import { publicRoute, requireUser } from '../access/middleware'
import { publicContext, serviceContext } from '../access/request-context'
import { invalidCredentials, rateLimited } from '../core/errors'
import { EVERYONE } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, jsonRequest } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { emailTaken } from '../users/service'
import { registrationClosed } from './errors'
import { LOGGED_IN, newUserLogin } from './examples'
import { LoginBody, LoginResult, RegisterBody } from './schema'
import { login, logout, register } from './service'

const tags = ['Authentication']

const loginRoute = defineRoute({
  method: 'post',
  path: '/auth/login',
  operationId: 'login',
  summary: 'Exchange e-mail and password for a token',
  tags,
  guard: publicRoute,
  description:
    'Ten failures for one e-mail in 15 minutes, or a hundred from one address, are followed by 429 until the window ends, ' +
    'with the right password too; but not for the e-mail from an address that it has logged in from within 30 days.',
  errors: [
    errorExample('invalid_credentials', 'Email, password and account do not match', invalidCredentials),
    errorExample('too_many_failures', 'Too many logins have failed', () =>
      rateLimited('10 failed logins for one email in 15 minutes', 420),
    ),
  ],
  request: {
    body: jsonRequest(LoginBody, {
      'E-mail and password': { email: 'user@example.com', password: 'your_password' },
      'An e-mail of several accounts': { email: 'user@example.com', password: 'your_password', account: 'acme' },
    }),
  },
  responses: { 200: json(LoginResult, 'The token and its user', LOGGED_IN) },
})

const registerUserRoute = defineRoute({
  method: 'post',
  path: '/auth/register',
  operationId: 'register',
  summary: 'Join an account as a customer, where it is open',
  tags,
  guard: publicRoute,
  description: 'At most five registrations an hour from one address.',
  errors: [
    errorExample(
      'registration_closed',
      'The account does not exist or is not open for registration',
      registrationClosed,
    ),
    errorExample('email_taken', 'Another user of the account has this email', emailTaken),
  ],
  request: {
    body: jsonRequest(RegisterBody, {
      'A customer': { account: 'acme', name: 'Jo Ruiz', email: 'jo@example.com', password: 'correct horse battery' },
    }),
  },
  responses: { 201: json(LoginResult, 'The token and its user', newUserLogin('customer', 'jo@example.com')) },
})

const logoutRoute = defineRoute({
  method: 'post',
  path: '/auth/logout',
  operationId: 'logout',
  summary: 'End the token that the request comes with',
  tags,
  guard: requireUser(EVERYONE),
  responses: { 204: emptyBody('Ended') },
})

export function registerAuthRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, loginRoute, async (c) => c.json(await login(publicContext(c), c.req.valid('json')), 200))

  registerRoute(app, registerUserRoute, async (c) => c.json(await register(publicContext(c), c.req.valid('json')), 201))

  registerRoute(app, logoutRoute, async (c) => {
    await logout(serviceContext(c))
    return c.body(null, 204)
  })
}
