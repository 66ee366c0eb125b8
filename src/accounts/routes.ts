import type { OpenAPIHono } from '@hono/zod-openapi'
import { LoginAnswer } from '../auth/service'
import type { AppEnv } from '../http/app-env'
import { addRoute, describeRoute, json, jsonRequest } from '../http/route'
import { guard, publicGuard } from '../rate-limiting/middleware'
import { ADMINS } from '../roles'
import { publicContext, serviceContext } from '../service-context'
import { AccountAnswer, CreateAccountBody, UpdateAccountBody } from './schema'
import { changeAccount, createAccount, getAccount } from './service'

const tags = ['Account']

const createAccountRoute = describeRoute({
  method: 'post',
  path: '/accounts',
  operationId: 'createAccount',
  summary: 'Make an account with its first admin, where the operator allows it',
  tags,
  security: [],
  guard: publicGuard,
  fails: [409],
  request: { body: jsonRequest(CreateAccountBody) },
  responses: { 201: json(LoginAnswer, 'The token of the admin') },
})

const getAccountRoute = describeRoute({
  method: 'get',
  path: '/account',
  operationId: 'getAccount',
  summary: 'Get your account',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  responses: { 200: json(AccountAnswer, 'The account') },
})

const updateAccountRoute = describeRoute({
  method: 'patch',
  path: '/account',
  operationId: 'updateAccount',
  summary: 'Change your account',
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { body: jsonRequest(UpdateAccountBody) },
  responses: { 200: json(AccountAnswer, 'The account as it is now') },
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
