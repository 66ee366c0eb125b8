import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { requireRole, requireUser } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { forbidden, invalidCredentials } from '../core/errors'
import { ADMINS, EVERYONE, STAFF } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, jsonRequest, page } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { respondWithList } from '../http/pagination/list'
import { pathId } from '../http/schemas/request-fields'
import { CONSTRAINT_ERRORS, fieldsForbidden } from '../service/constraint-errors'
import { emailTaken, ownPassword } from './errors'
import { JANE_DETAIL, JOHN, NEW_USER, USERS } from './examples'
import { listUsers } from './list'
import {
  ChangePasswordBody,
  CreateUserBody,
  ListUsersQuery,
  SetPasswordBody,
  UpdateUserBody,
  UserList,
  UserResponse,
} from './schema'
import { changePassword, createUser, deactivateUser, getUser, setPassword, updateUser } from './service'

const params = z.object({ user_id: pathId('user_id', 'user456') })
const tags = ['Users']

const EMAIL_TAKEN = errorExample('email_taken', 'Another user of the account has this email', emailTaken)
const LAST_ADMIN = errorExample(
  'last_admin',
  'The account would be left without an active admin',
  CONSTRAINT_ERRORS.last_admin,
)
const FIELDS_FORBIDDEN = errorExample('fields_forbidden', 'Only admins set `role` and `status`', () =>
  fieldsForbidden(['role', 'status']),
)
const WRONG_PASSWORD = errorExample('invalid_credentials', '`current_password` is wrong', invalidCredentials)

const listUsersRoute = defineRoute({
  method: 'get',
  path: '/users',
  operationId: 'listUsers',
  summary: 'List users',
  description: 'Returns a page of the users of the account, oldest first. API keys are not listed.',
  tags,
  guard: requireRole(STAFF),
  request: { query: ListUsersQuery },
  responses: { 200: page(UserList, 'A page of users', USERS) },
})

const createUserRoute = defineRoute({
  method: 'post',
  path: '/users',
  operationId: 'createUser',
  summary: 'Create user',
  description:
    'Returns the new user. Without a password, the user cannot log in until an admin sets one. Emits `user.created`.',
  tags,
  guard: requireRole(ADMINS),
  errors: [EMAIL_TAKEN],
  request: {
    body: jsonRequest(CreateUserBody, {
      'An agent': { name: 'Jo Ruiz', email: 'jo@example.com', role: 'agent' },
      'A customer with a password': {
        name: 'Kim Ito',
        email: 'kim@example.com',
        password: 'correct horse battery',
      },
    }),
  },
  responses: { 201: json(UserResponse, 'The new user', { data: NEW_USER }, ['Location']) },
})

const getMeRoute = defineRoute({
  method: 'get',
  path: '/users/me',
  operationId: 'getMe',
  summary: 'Get current user',
  description: 'Returns the user that the token belongs to.',
  tags,
  guard: requireUser(EVERYONE),
  errors: [404],
  responses: { 200: json(UserResponse, 'The current user', { data: JOHN }) },
})

const updateMeRoute = defineRoute({
  method: 'patch',
  path: '/users/me',
  operationId: 'updateMe',
  summary: 'Update current user',
  tags,
  guard: requireUser(EVERYONE),
  description:
    'Returns your updated user. A new `email` requires `current_password` and revokes your other tokens. Only admins may set ' +
    '`role` and `status`.',
  errors: [404, WRONG_PASSWORD, FIELDS_FORBIDDEN, EMAIL_TAKEN, LAST_ADMIN],
  request: {
    body: jsonRequest(UpdateUserBody, {
      'New name': { name: 'John M. Doe' },
      'New email': { email: 'john.doe@example.com', current_password: 'your_password' },
    }),
  },
  responses: { 200: json(UserResponse, 'The updated user', { data: JOHN }) },
})

const getUserRoute = defineRoute({
  method: 'get',
  path: '/users/{user_id}',
  operationId: 'getUser',
  summary: 'Get user',
  description: 'Returns a user. Customers can only get themselves.',
  tags,
  guard: requireRole(EVERYONE),
  errors: [404],
  request: { params },
  responses: { 200: json(UserResponse, 'The user', { data: JOHN }) },
})

const updateUserRoute = defineRoute({
  method: 'patch',
  path: '/users/{user_id}',
  operationId: 'updateUser',
  summary: 'Update user',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'Returns the updated user. Admins can update every user, others only themselves. A new email or a deactivation ' +
    'immediately revokes the tokens of the user, except for the token of a request that changes your own email. A new role ' +
    'takes effect on the next request.',
  errors: [
    404,
    WRONG_PASSWORD,
    errorExample('not_yours', 'Agents update only themselves', forbidden),
    FIELDS_FORBIDDEN,
    EMAIL_TAKEN,
    LAST_ADMIN,
  ],
  request: {
    params,
    body: jsonRequest(UpdateUserBody, {
      'New role': { role: 'agent' },
      'New email': { email: 'jane.smith@example.com' },
    }),
  },
  responses: { 200: json(UserResponse, 'The updated user', { data: { ...JANE_DETAIL, role: 'agent' } }) },
})

const deactivateUserRoute = defineRoute({
  method: 'delete',
  path: '/users/{user_id}',
  operationId: 'deactivateUser',
  summary: 'Deactivate user',
  tags,
  guard: requireRole(ADMINS),
  description:
    'Deactivates a user and immediately revokes their tokens. Tickets and comments still show the user. Reactivate with ' +
    '`PATCH` and `status`; old tokens stay revoked.',
  errors: [404, LAST_ADMIN],
  request: { params },
  responses: { 204: emptyBody('The user is deactivated') },
})

const setPasswordRoute = defineRoute({
  method: 'post',
  path: '/users/{user_id}/password',
  operationId: 'setPassword',
  summary: 'Set user password',
  description:
    'Sets the password of another user and revokes their tokens. Change your own password with `POST /auth/password`.',
  tags,
  guard: requireRole(ADMINS),
  errors: [404, errorExample('own_password', 'Your own password needs the current one', ownPassword)],
  request: { params, body: jsonRequest(SetPasswordBody, { 'New password': { password: 'correct horse battery' } }) },
  responses: { 204: emptyBody('The password is set') },
})

const changePasswordRoute = defineRoute({
  method: 'post',
  path: '/auth/password',
  operationId: 'changePassword',
  summary: 'Change password',
  tags: ['Authentication'],
  guard: requireUser(EVERYONE),
  description:
    'Changes your own password and revokes your other tokens. The token of this request stays valid. A wrong ' +
    '`current_password` counts as a failed login.',
  errors: [WRONG_PASSWORD],
  request: {
    body: jsonRequest(ChangePasswordBody, {
      'New password': { current_password: 'your_password', new_password: 'correct horse battery' },
    }),
  },
  responses: { 204: emptyBody('The password is changed') },
})

export function registerUserRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listUsersRoute, async (c) =>
    respondWithList(c, await listUsers(serviceContext(c), c.req.valid('query'))),
  )

  registerRoute(app, createUserRoute, async (c) => {
    const ctx = serviceContext(c)
    const user = await createUser(ctx, c.req.valid('json'))
    return c.json({ data: user }, 201, { Location: `${ctx.links.prefix}/users/${user.id}` })
  })

  // Before `/users/{user_id}`, which would take `me` for an ID.
  registerRoute(app, getMeRoute, async (c) => c.json({ data: await getUser(serviceContext(c), c.var.caller.id) }, 200))

  registerRoute(app, updateMeRoute, async (c) => {
    const user = await updateUser(serviceContext(c), c.var.caller.id, c.req.valid('json'))
    return c.json({ data: user }, 200)
  })

  registerRoute(app, getUserRoute, async (c) => {
    return c.json({ data: await getUser(serviceContext(c), c.req.valid('param').user_id) }, 200)
  })

  registerRoute(app, updateUserRoute, async (c) => {
    const user = await updateUser(serviceContext(c), c.req.valid('param').user_id, c.req.valid('json'))
    return c.json({ data: user }, 200)
  })

  registerRoute(app, deactivateUserRoute, async (c) => {
    await deactivateUser(serviceContext(c), c.req.valid('param').user_id)
    return c.body(null, 204)
  })

  registerRoute(app, setPasswordRoute, async (c) => {
    await setPassword(serviceContext(c), c.req.valid('param').user_id, c.req.valid('json').password)
    return c.body(null, 204)
  })

  registerRoute(app, changePasswordRoute, async (c) => {
    await changePassword(serviceContext(c), c.req.valid('json'))
    return c.body(null, 204)
  })
}
