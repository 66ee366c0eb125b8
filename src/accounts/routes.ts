import type { OpenAPIHono } from '@hono/zod-openapi'
import { guard, publicGuard } from '../access/middleware'
import { publicContext, serviceContext } from '../access/request-context'
import { LoginAnswer } from '../auth/service'
import { ADMINS } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { told } from '../http/openapi/error-responses'
import { json, jsonRequest } from '../http/openapi/responses'
import { addRoute, describeRoute } from '../http/openapi/route'
import { signupClosed } from './errors'
import { ACME, joined } from './examples'
import { AccountAnswer, CreateAccountBody, UpdateAccountBody } from './schema'
import { changeAccount, createAccount, getAccount } from './service'

const tags = ['Account']

const createAccountRoute = describeRoute({
  method: 'post',
  path: '/accounts',
  operationId: 'createAccount',
  summary: 'Make an account with its first admin, where the operator allows it',
  tags,
  guard: publicGuard,
  description:
    'The account is a standard one, its slug is made of its name. At most five accounts and registrations an hour from one ' +
    'address.',
  fails: [told('signup_closed', 'The operator makes the accounts of this service', signupClosed)],
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
  responses: { 201: json(LoginAnswer, 'The token of the admin', joined('admin', 'jo@initech.example')) },
})

const getAccountRoute = describeRoute({
  method: 'get',
  path: '/account',
  operationId: 'getAccount',
  summary: 'Get your account',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  responses: { 200: json(AccountAnswer, 'The account', ACME) },
})

const updateAccountRoute = describeRoute({
  method: 'patch',
  path: '/account',
  operationId: 'updateAccount',
  summary: 'Change your account',
  description: 'The plan is the operator’s to change.',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: {
    body: jsonRequest(UpdateAccountBody, {
      'Open it for registration': { allow_registration: true },
      'Rename it': { name: 'Acme Ltd' },
    }),
  },
  responses: { 200: json(AccountAnswer, 'The account as it is now', ACME) },
})

/** Puts into the router: making an account for anybody, reading and changing one for its admins. */
export function addAccountRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, createAccountRoute, async (c) =>
    c.json(await createAccount(publicContext(c), c.req.valid('json')), 201),
  )

  addRoute(app, getAccountRoute, async (c) => c.json({ data: await getAccount(serviceContext(c)) }, 200))

  addRoute(app, updateAccountRoute, async (c) =>
    c.json({ data: await changeAccount(serviceContext(c), c.req.valid('json')) }, 200),
  )
}
