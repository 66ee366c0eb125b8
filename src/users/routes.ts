import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { paginateByCursor } from '../http/cursor'
import { pathId } from '../http/fields'
import { paginate } from '../http/pagination'
import { addRoute, describeRoute, empty, json, jsonRequest } from '../http/route'
import { guard, personGuard } from '../rate-limiting/middleware'
import { ADMINS, EVERYONE, STAFF } from '../roles'
import { serviceContext } from '../service-context'
import { listUsers, walkUsers } from './list'
import {
  ChangePasswordBody,
  CreateUserBody,
  ListUsersQuery,
  SetPasswordBody,
  UpdateUserBody,
  UserAnswer,
  UserList,
} from './schema'
import { changePassword, createUser, deactivateUser, getUser, setPassword, updateUser } from './service'

const params = z.object({ user_id: pathId('user_id', 'user456') })
const tags = ['Users']

const listUsersRoute = describeRoute({
  method: 'get',
  path: '/users',
  operationId: 'listUsers',
  summary: 'List the users of the account',
  tags,
  guard: guard(STAFF),
  request: { query: ListUsersQuery },
  responses: { 200: json(UserList, 'A page of users, oldest first') },
})

const createUserRoute = describeRoute({
  method: 'post',
  path: '/users',
  operationId: 'createUser',
  summary: 'Add a user to the account',
  tags,
  guard: guard(ADMINS),
  fails: [409],
  request: { body: jsonRequest(CreateUserBody) },
  responses: { 201: json(UserAnswer, 'The user; `Location` is its path') },
})

const getMeRoute = describeRoute({
  method: 'get',
  path: '/users/me',
  operationId: 'getMe',
  summary: 'Get yourself',
  tags,
  guard: personGuard(EVERYONE),
  fails: [404],
  responses: { 200: json(UserAnswer, 'The user who calls') },
})

const updateMeRoute = describeRoute({
  method: 'patch',
  path: '/users/me',
  operationId: 'updateMe',
  summary: 'Change yourself',
  tags,
  guard: personGuard(EVERYONE),
  fails: [404, 409],
  request: { body: jsonRequest(UpdateUserBody) },
  responses: { 200: json(UserAnswer, 'The user as it is now') },
})

const getUserRoute = describeRoute({
  method: 'get',
  path: '/users/{user_id}',
  operationId: 'getUser',
  summary: 'Get a user',
  tags,
  guard: guard(EVERYONE),
  fails: [404],
  request: { params },
  responses: { 200: json(UserAnswer, 'The user') },
})

const updateUserRoute = describeRoute({
  method: 'patch',
  path: '/users/{user_id}',
  operationId: 'updateUser',
  summary: 'Change a user',
  tags,
  guard: guard(EVERYONE),
  fails: [404, 409],
  request: { params, body: jsonRequest(UpdateUserBody) },
  responses: { 200: json(UserAnswer, 'The user as it is now') },
})

const deactivateUserRoute = describeRoute({
  method: 'delete',
  path: '/users/{user_id}',
  operationId: 'deactivateUser',
  summary: 'Deactivate a user; tickets keep naming it',
  tags,
  guard: guard(ADMINS),
  fails: [404, 409],
  request: { params },
  responses: { 204: empty('Deactivated') },
})

const setPasswordRoute = describeRoute({
  method: 'post',
  path: '/users/{user_id}/password',
  operationId: 'setPassword',
  summary: "Set a user's password and end their tokens",
  tags,
  guard: guard(ADMINS),
  fails: [404],
  request: { params, body: jsonRequest(SetPasswordBody) },
  responses: { 204: empty('Set') },
})

const changePasswordRoute = describeRoute({
  method: 'post',
  path: '/auth/password',
  operationId: 'changePassword',
  summary: 'Change your own password and end your other tokens',
  tags: ['Authentication'],
  guard: personGuard(EVERYONE),
  request: { body: jsonRequest(ChangePasswordBody) },
  responses: { 204: empty('Changed') },
})

/**
 * Puts the routes of users, and of one's own password, into the router. Agents and admins read, admins add, deactivate
 * and set passwords, people change themselves.
 */
export function addUserRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, listUsersRoute, async (c) => {
    const query = c.req.valid('query')
    const url = new URL(c.req.url)
    if (query.cursor === undefined) {
      const { page, total, users } = await listUsers(serviceContext(c), query)
      const { link, pagination } = paginate(url, page, total)
      return c.json({ data: users, pagination }, 200, { Link: link })
    }
    const { perPage, cursors, users } = await walkUsers(serviceContext(c), query)
    const { link, pagination } = paginateByCursor(url, perPage, cursors)
    return c.json({ data: users, pagination }, 200, link)
  })

  addRoute(app, createUserRoute, async (c) => {
    const ctx = serviceContext(c)
    const user = await createUser(ctx, c.req.valid('json'))
    return c.json({ data: user }, 201, { Location: `${ctx.links.prefix}/users/${user.id}` })
  })

  // Before `/users/{user_id}`, which would take `me` for an ID.
  addRoute(app, getMeRoute, async (c) => c.json({ data: await getUser(serviceContext(c), c.var.caller.id) }, 200))

  addRoute(app, updateMeRoute, async (c) => {
    const user = await updateUser(serviceContext(c), c.var.caller.id, c.req.valid('json'))
    return c.json({ data: user }, 200)
  })

  addRoute(app, getUserRoute, async (c) => {
    return c.json({ data: await getUser(serviceContext(c), c.req.valid('param').user_id) }, 200)
  })

  addRoute(app, updateUserRoute, async (c) => {
    const user = await updateUser(serviceContext(c), c.req.valid('param').user_id, c.req.valid('json'))
    return c.json({ data: user }, 200)
  })

  addRoute(app, deactivateUserRoute, async (c) => {
    await deactivateUser(serviceContext(c), c.req.valid('param').user_id)
    return c.body(null, 204)
  })

  addRoute(app, setPasswordRoute, async (c) => {
    await setPassword(serviceContext(c), c.req.valid('param').user_id, c.req.valid('json').password)
    return c.body(null, 204)
  })

  addRoute(app, changePasswordRoute, async (c) => {
    await changePassword(serviceContext(c), c.req.valid('json'))
    return c.body(null, 204)
  })
}
