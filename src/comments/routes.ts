import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { paginateByCursor } from '../http/cursor'
import { pathId } from '../http/fields'
import { paginate } from '../http/pagination'
import { addRoute, describeRoute, json, jsonRequest } from '../http/route'
import { guard } from '../rate-limiting/middleware'
import { EVERYONE } from '../roles'
import { serviceContext } from '../service-context'
import { CommentAnswer, CommentList, CreateCommentBody, ListCommentsQuery } from './schema'
import { createComment, listComments, walkComments } from './service'

const params = z.object({ ticket_id: pathId('ticket_id', 'ticket123') })

const listCommentsRoute = describeRoute({
  method: 'get',
  path: '/tickets/{ticket_id}/comments',
  operationId: 'listComments',
  summary: 'List the comments of a ticket',
  tags: ['Comments'],
  guard: guard(EVERYONE),
  fails: [404],
  request: { params, query: ListCommentsQuery },
  responses: { 200: json(CommentList, 'A page of comments, oldest first') },
})

const createCommentRoute = describeRoute({
  method: 'post',
  path: '/tickets/{ticket_id}/comments',
  operationId: 'createComment',
  summary: 'Add a comment to a ticket',
  tags: ['Comments'],
  guard: guard(EVERYONE),
  fails: [404, 422],
  request: { params, body: jsonRequest(CreateCommentBody) },
  responses: { 201: json(CommentAnswer, 'The comment') },
})

/** Puts the routes of comments into the router, for everybody of the account. */
export function addCommentRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, listCommentsRoute, async (c) => {
    const { ticket_id } = c.req.valid('param')
    const query = c.req.valid('query')
    const url = new URL(c.req.url)
    if (query.cursor === undefined) {
      const { page, total, comments } = await listComments(serviceContext(c), ticket_id, query)
      const { link, pagination } = paginate(url, page, total)
      return c.json({ data: comments, pagination }, 200, { Link: link })
    }
    const { perPage, cursors, comments } = await walkComments(serviceContext(c), ticket_id, query)
    const { link, pagination } = paginateByCursor(url, perPage, cursors)
    return c.json({ data: comments, pagination }, 200, link)
  })

  addRoute(app, createCommentRoute, async (c) => {
    const { ticket_id } = c.req.valid('param')
    const comment = await createComment(serviceContext(c), ticket_id, c.req.valid('json'))
    return c.json({ data: comment }, 201)
  })
}
