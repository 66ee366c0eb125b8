import type { OpenAPIHono } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { paginate } from '../http/pagination'
import { addRoute, describeRoute, json } from '../http/route'
import { serviceContext } from '../http/service-context'
import { guard } from '../rate-limiting/middleware'
import { STAFF } from '../roles'
import { ListUsersQuery, UserList } from './schema'
import { listUsers } from './service'

const listUsersRoute = describeRoute({
  method: 'get',
  path: '/users',
  operationId: 'listUsers',
  summary: 'List the users of the account',
  tags: ['Users'],
  guard: guard(STAFF),
  request: { query: ListUsersQuery },
  responses: { 200: json(UserList, 'A page of users, oldest first') },
})

export function addUserRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, listUsersRoute, async (c) => {
    const { page, total, users } = await listUsers(serviceContext(c), c.req.valid('query'))
    const { link, pagination } = paginate(new URL(c.req.url), page, total)
    return c.json({ data: users, pagination }, 200, { Link: link })
  })
}
