import type { OpenAPIHono } from '@hono/zod-openapi'
import { publicRoute, requireRole } from '../access/middleware'
import { publicContext, serviceContext } from '../access/request-context'
import { LoginResult } from '../auth/service'
import { ADMINS } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { json, jsonRequest } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { signupClosed } from './errors'
import { ACME, newUserLogin } from './examples'
import { AccountResponse, CreateAccountBody, UpdateAccountBody } from './schema'
import { changeAccount, createAccount, getAccount } from './service'

const tags = ['Account']

const createAccountRoute = defineRoute({
  method: 'post',
  path: '/accounts',
  operationId: 'createAccount',
  summary: 'Create account',
  tags,
  guard: publicRoute,
  description:
    'Creates a standard account with its first admin, and returns a token for the admin. Returns 403 unless the operator ' +
    'allows signup. At most five accounts and registrations per hour and IP address.',
  errors: [errorExample('signup_closed', 'Signup is closed', signupClosed)],
  request: {
    body: jsonRequest(CreateAccountBody, {
      'New account': {
        account_name: 'Initech',
        name: 'Jo Ruiz',
        email: 'jo@initech.example',
        password: 'correct horse battery',
      },
    }),
  },
  responses: { 201: json(LoginResult, 'The token and the admin', newUserLogin('admin', 'jo@initech.example')) },
})

const getAccountRoute = defineRoute({
  method: 'get',
  path: '/account',
  operationId: 'getAccount',
  summary: 'Get account',
  description: 'Returns your account.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  responses: { 200: json(AccountResponse, 'The account', ACME) },
})

const updateAccountRoute = defineRoute({
  method: 'patch',
  path: '/account',
  operationId: 'updateAccount',
  summary: 'Update account',
  description: 'Returns your updated account. Only the operator can change the plan.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: {
    body: jsonRequest(UpdateAccountBody, {
      'Allow registration': { allow_registration: true },
      'New name': { name: 'Acme Ltd' },
    }),
  },
  responses: { 200: json(AccountResponse, 'The updated account', ACME) },
})

export function registerAccountRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, createAccountRoute, async (c) =>
    c.json(await createAccount(publicContext(c), c.req.valid('json')), 201),
  )

  registerRoute(app, getAccountRoute, async (c) => c.json({ data: await getAccount(serviceContext(c)) }, 200))

  registerRoute(app, updateAccountRoute, async (c) =>
    c.json({ data: await changeAccount(serviceContext(c), c.req.valid('json')) }, 200),
  )
}
