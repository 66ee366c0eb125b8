import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { requireRole } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { EVERYONE, STAFF } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, jsonRequest, page } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { respondWithList } from '../http/pagination/list'
import { pathId } from '../http/schemas/request-fields'
import { CONSTRAINT_ERRORS, fieldsForbidden } from '../service/constraint-errors'
import { notTheAuthor } from './errors'
import { COMMENTS, NEW_COMMENT, NEW_SERVER_LOGS } from './examples'
import { CommentList, CommentResponse, CreateCommentBody, ListCommentsQuery } from './schema'
import { createComment, listComments, removeComment } from './service'

const params = z.object({ ticket_id: pathId('ticket_id', 'ticket123') })

const listCommentsRoute = defineRoute({
  method: 'get',
  path: '/tickets/{ticket_id}/comments',
  operationId: 'listComments',
  summary: 'List comments',
  description: 'Returns a page of the comments of a ticket, oldest first. Customers do not see internal comments.',
  tags: ['Comments'],
  guard: requireRole(EVERYONE),
  errors: [404],
  request: { params, query: ListCommentsQuery },
  responses: { 200: page(CommentList, 'A page of comments', COMMENTS) },
})

const createCommentRoute = defineRoute({
  method: 'post',
  path: '/tickets/{ticket_id}/comments',
  operationId: 'createComment',
  summary: 'Create comment',
  tags: ['Comments'],
  guard: requireRole(EVERYONE),
  description:
    'Returns the new comment. Only agents and admins can write internal comments, and customers cannot notice them. Emits ' +
    '`comment.created`.',
  errors: [
    404,
    errorExample('internal_forbidden', 'Customers cannot write internal comments', () =>
      fieldsForbidden(['is_internal']),
    ),
    errorExample('too_many_attachments', 'The ticket has its maximum of attachments', CONSTRAINT_ERRORS.attachments),
    errorExample('storage_full', 'The account has no storage left for the files', CONSTRAINT_ERRORS.storage),
  ],
  request: {
    params,
    body: jsonRequest(CreateCommentBody, {
      'Internal comment with a file': {
        content: "I've checked the server logs and found the issue.",
        is_internal: true,
        attachments: [NEW_SERVER_LOGS],
      },
      'Reply to the customer': { content: 'Please try again now.' },
    }),
  },
  responses: { 201: json(CommentResponse, 'The new comment', NEW_COMMENT) },
})

const deleteCommentRoute = defineRoute({
  method: 'delete',
  path: '/tickets/{ticket_id}/comments/{comment_id}',
  operationId: 'deleteComment',
  summary: 'Delete comment',
  description:
    'Deletes a comment and its attachments. Admins can delete every comment, agents their own. Its texts are also removed from ' +
    'earlier events, history and stored responses. See ' +
    '[Events of deleted tickets and comments](/docs/guides/webhooks#redacted-events).',
  tags: ['Comments'],
  guard: requireRole(STAFF),
  errors: [404, errorExample('not_the_author', 'Agents delete only their own comments', notTheAuthor)],
  request: { params: params.extend({ comment_id: pathId('comment_id', 'comment123') }) },
  responses: { 204: emptyBody('The comment is deleted') },
})

export function registerCommentRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listCommentsRoute, async (c) =>
    respondWithList(c, await listComments(serviceContext(c), c.req.valid('param').ticket_id, c.req.valid('query'))),
  )

  registerRoute(app, createCommentRoute, async (c) => {
    const { ticket_id } = c.req.valid('param')
    const comment = await createComment(serviceContext(c), ticket_id, c.req.valid('json'))
    return c.json({ data: comment }, 201)
  })

  registerRoute(app, deleteCommentRoute, async (c) => {
    const { ticket_id, comment_id } = c.req.valid('param')
    await removeComment(serviceContext(c), ticket_id, comment_id)
    return c.body(null, 204)
  })
}
