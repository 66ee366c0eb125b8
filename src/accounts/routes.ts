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
  summary: 'Make an account with its first admin, where the operator allows it',
  tags,
  guard: publicRoute,
  description:
    'The account is a standard one, its slug is made of its name. At most five accounts and registrations an hour from one ' +
    'address.',
  errors: [errorExample('signup_closed', 'Signup is closed', signupClosed)],
  request: {
    body: jsonRequest(CreateAccountBody, {
      'An account': {
        account_name: 'Initech',
        name: 'Jo Ruiz',
        email: 'jo@initech.example',
        password: 'correct horse battery',
      },
    }),
  },
  responses: { 201: json(LoginResult, 'The token of the admin', newUserLogin('admin', 'jo@initech.example')) },
})

const getAccountRoute = defineRoute({
  method: 'get',
  path: '/account',
  operationId: 'getAccount',
  summary: 'Get your account',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  responses: { 200: json(AccountResponse, 'The account', ACME) },
})

const updateAccountRoute = defineRoute({
  method: 'patch',
  path: '/account',
  operationId: 'updateAccount',
  summary: 'Change your account',
  description: 'The plan is the operator’s to change.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404],
  request: {
    body: jsonRequest(UpdateAccountBody, {
      'Open it for registration': { allow_registration: true },
      'Rename it': { name: 'Acme Ltd' },
    }),
  },
  responses: { 200: json(AccountResponse, 'The account as it is now', ACME) },
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
