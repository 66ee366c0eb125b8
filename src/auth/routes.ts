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
  summary: 'Log in',
  tags,
  guard: publicRoute,
  description:
    'Returns a token for the user with this email and password. Without `account`, the password is compared with those of two ' +
    'users: the active ones with a password that have had the email for the longest time. If both match, the response is 401. ' +
    'After 10 failed logins for an email, or 100 from an IP address, within 15 minutes, logins return 429 until the window ' +
    'ends. From an IP address that the user has logged in from within 30 days, the user has a limit of 10 of its own.',
  errors: [
    errorExample('invalid_credentials', 'Email, password and account do not match', invalidCredentials),
    errorExample('too_many_failures', 'Too many logins have failed', () =>
      rateLimited('10 failed logins for one email in 15 minutes', 420),
    ),
  ],
  request: {
    body: jsonRequest(LoginBody, {
      'With the account': { email: 'user@example.com', password: 'your_password', account: 'acme' },
      'Without the account': { email: 'user@example.com', password: 'your_password' },
    }),
  },
  responses: { 200: json(LoginResult, 'The token and the user', LOGGED_IN) },
})

const registerUserRoute = defineRoute({
  method: 'post',
  path: '/auth/register',
  operationId: 'register',
  summary: 'Register',
  tags,
  guard: publicRoute,
  description:
    'Adds a customer to an account that allows registration, and returns a token. At most five registrations and accounts ' +
    'per hour and IP address. Emits `user.created`.',
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
      'New customer': { account: 'acme', name: 'Jo Ruiz', email: 'jo@example.com', password: 'correct horse battery' },
    }),
  },
  responses: { 201: json(LoginResult, 'The token and the customer', newUserLogin('customer', 'jo@example.com')) },
})

const logoutRoute = defineRoute({
  method: 'post',
  path: '/auth/logout',
  operationId: 'logout',
  summary: 'Log out',
  description:
    'Revokes the token of the request. The logout after 1,000 others within the lifetime of a token revokes all tokens of the ' +
    'user.',
  tags,
  guard: requireUser(EVERYONE),
  responses: { 204: emptyBody('The token is revoked') },
})

export function registerAuthRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, loginRoute, async (c) => c.json(await login(publicContext(c), c.req.valid('json')), 200))

  registerRoute(app, registerUserRoute, async (c) => c.json(await register(publicContext(c), c.req.valid('json')), 201))

  registerRoute(app, logoutRoute, async (c) => {
    await logout(serviceContext(c))
    return c.body(null, 204)
  })
}
