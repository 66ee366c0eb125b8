import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { requireRole } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { payloadTooLarge } from '../core/errors'
import { EVERYONE, STAFF } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { rawBodyOf } from '../http/middleware/raw-body'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, page, rawRequest } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { respondWithList } from '../http/pagination/list'
import { pathId } from '../http/schemas/request-fields'
import { CONSTRAINT_ERRORS } from '../service/constraint-errors'
import { ATTACHMENTS, SCREENSHOT } from './examples'
import { AttachmentList, AttachmentResponse, ListAttachmentsQuery, UploadQuery } from './schema'
import { getAttachment, listAttachments, removeAttachment, uploadAttachment } from './service'

const ticketParams = z.object({ ticket_id: pathId('ticket_id', 'ticket123') })
const params = z.object({ attachment_id: pathId('attachment_id', 'attach123') })
const tags = ['Attachments']

const listAttachmentsRoute = defineRoute({
  method: 'get',
  path: '/tickets/{ticket_id}/attachments',
  operationId: 'listAttachments',
  summary: 'List attachments',
  description:
    'Returns a page of the attachments of a ticket and its comments, oldest first. Customers do not see those of internal ' +
    'comments.',
  tags,
  guard: requireRole(EVERYONE),
  errors: [404],
  request: { params: ticketParams, query: ListAttachmentsQuery },
  responses: { 200: page(AttachmentList, 'A page of attachments', ATTACHMENTS) },
})

const uploadAttachmentRoute = defineRoute({
  method: 'post',
  path: '/tickets/{ticket_id}/attachments',
  operationId: 'uploadAttachment',
  summary: 'Upload attachment',
  description:
    'Returns the new attachment. The body is the file itself, up to 95 MiB, not a form. `Content-Type` is the type of the ' +
    'file, without parameters; `Content-Length` is required. Emits `ticket.updated`. See ' +
    '[Upload a large file](/docs/guides/attachments#upload-a-large-file).',
  tags,
  guard: requireRole(EVERYONE),
  errors: [
    404,
    errorExample('too_many_attachments', 'The ticket has its maximum of attachments', CONSTRAINT_ERRORS.attachments),
    errorExample('file_too_large', 'The file has more than 95 MiB', () => payloadTooLarge('95 MiB')),
    errorExample('storage_full', 'The account has no storage left for the file', CONSTRAINT_ERRORS.storage),
  ],
  request: { params: ticketParams, query: UploadQuery, body: rawRequest('The bytes of the file, of any type.') },
  responses: { 201: json(AttachmentResponse, 'The new attachment', { data: SCREENSHOT }, ['Location']) },
})

const getAttachmentRoute = defineRoute({
  method: 'get',
  path: '/attachments/{attachment_id}',
  operationId: 'getAttachment',
  summary: 'Get attachment',
  description: 'Returns an attachment with a signed `url`, which is valid for one to two hours.',
  tags,
  guard: requireRole(EVERYONE),
  errors: [404],
  request: { params },
  responses: { 200: json(AttachmentResponse, 'The attachment', { data: SCREENSHOT }) },
})

const deleteAttachmentRoute = defineRoute({
  method: 'delete',
  path: '/tickets/{ticket_id}/attachments/{attachment_id}',
  operationId: 'deleteAttachment',
  summary: 'Delete attachment',
  description: 'Deletes an attachment of a ticket or of one of its comments. Emits `ticket.updated`.',
  tags,
  guard: requireRole(STAFF),
  errors: [404],
  request: { params: ticketParams.extend(params.shape) },
  responses: { 204: emptyBody('The attachment is deleted') },
})

export function registerAttachmentRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listAttachmentsRoute, async (c) =>
    respondWithList(c, await listAttachments(serviceContext(c), c.req.valid('param').ticket_id, c.req.valid('query'))),
  )

  registerRoute(app, uploadAttachmentRoute, async (c) => {
    const ctx = serviceContext(c)
    const { filename } = c.req.valid('query')
    const attachment = await uploadAttachment(ctx, c.req.valid('param').ticket_id, filename, rawBodyOf(c.req.raw))
    return c.json({ data: attachment }, 201, { Location: `${ctx.links.prefix}/attachments/${attachment.id}` })
  })

  registerRoute(app, getAttachmentRoute, async (c) => {
    const attachment = await getAttachment(serviceContext(c), c.req.valid('param').attachment_id)
    return c.json({ data: attachment }, 200)
  })

  registerRoute(app, deleteAttachmentRoute, async (c) => {
    const { ticket_id, attachment_id } = c.req.valid('param')
    await removeAttachment(serviceContext(c), ticket_id, attachment_id)
    return c.body(null, 204)
  })
}
