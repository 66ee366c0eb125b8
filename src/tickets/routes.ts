import { type OpenAPIHono, z } from '@hono/zod-openapi'
import { requireRole } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { validationError } from '../core/errors'
import { EVERYONE, STAFF } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { entityTag, matchesIfNoneMatch } from '../http/etag'
import { errorExample } from '../http/openapi/error-responses'
import { emptyBody, json, jsonRequest, NDJSON, ndjson, page } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { paginateByCursor } from '../http/pagination/cursor'
import { respondWithList } from '../http/pagination/list'
import { pathId } from '../http/schemas/request-fields'
import { CONSTRAINT_ERRORS, fieldsForbidden } from '../service/constraint-errors'
import { statusChangeForbidden, unknownAssignee, unknownCreator } from './errors'
import { CHANGED_TICKET, EXPORT, HISTORY, NEW_TICKET, NEW_TICKET_JSON, STATS, TICKET_DETAIL, TICKETS } from './examples'
import { exportTickets } from './export'
import { listHistory } from './history'
import { ListHistoryQuery, TicketHistory } from './history-schema'
import { listTickets } from './list'
import {
  CreateTicketBody,
  type ExportLine,
  ExportTicketsQuery,
  ListTicketsQuery,
  TicketDetailResponse,
  TicketList,
  TicketResponse,
  TicketStatsResponse,
  UpdateTicketBody,
} from './schema'
import { createTicket, deleteTicket, getTicket, updateTicket } from './service'
import { ticketStats } from './stats'

const params = z.object({ ticket_id: pathId('ticket_id', 'ticket123') })
const tags = ['Tickets']

const FIELDS_FORBIDDEN = errorExample('fields_forbidden', 'Only agents and admins set these fields', () =>
  fieldsForbidden(['assigned_to']),
)
const UNKNOWN_MEMBER = errorExample('unknown_member', '`created_by` or `assigned_to` is not an allowed user', () =>
  validationError([unknownCreator(), unknownAssignee()]),
)

const listTicketsRoute = defineRoute({
  method: 'get',
  path: '/tickets',
  operationId: 'listTickets',
  summary: 'List tickets',
  description:
    'By `page`, with totals, or by `cursor` (empty to start), which costs the same however far it has come and is not ' +
    'disturbed by tickets that come or go. With `sort=updated_at&order=asc&cursor=` it is the way to sync.',
  tags,
  guard: requireRole(EVERYONE),
  request: { query: ListTicketsQuery },
  responses: { 200: page(TicketList, 'A page of tickets, newest first unless sorted otherwise', TICKETS) },
})

const ticketStatsRoute = defineRoute({
  method: 'get',
  path: '/tickets/stats',
  operationId: 'getTicketStats',
  summary: 'Count tickets by status, priority and assignee',
  description: 'Of the tickets that the caller may see; exact, whatever their number.',
  tags,
  guard: requireRole(EVERYONE),
  responses: { 200: json(TicketStatsResponse, 'The counts', STATS) },
})

const exportTicketsRoute = defineRoute({
  method: 'get',
  path: '/tickets/export',
  operationId: 'exportTickets',
  summary: 'Export tickets as NDJSON',
  description:
    'One ticket a line, with its custom fields, streamed. The last line is `{"next_cursor": …}`: null when all was sent, ' +
    'else the `cursor` to go on with, after 100,000 tickets or where the service failed on the way. An export without a ' +
    'last line was cut off: go on from the last export that was whole.',
  tags,
  guard: requireRole(STAFF),
  request: { query: ExportTicketsQuery },
  responses: { 200: ndjson<typeof ExportLine>('ExportLine', 'The tickets, and a last line with the cursor', EXPORT) },
})

const createTicketRoute = defineRoute({
  method: 'post',
  path: '/tickets',
  operationId: 'createTicket',
  summary: 'Create a ticket',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'Customers set title, description, priority, tags, custom fields and attachments; agents and admins also the status, ' +
    'who it is assigned to, and on whose behalf it is made.',
  errors: [
    404,
    FIELDS_FORBIDDEN,
    UNKNOWN_MEMBER,
    errorExample('storage_full', 'The account has no storage left for the files', CONSTRAINT_ERRORS.storage),
  ],
  request: {
    body: jsonRequest(CreateTicketBody, {
      'A report with a file': NEW_TICKET_JSON,
      'The least there must be': { title: 'Cannot log in', description: 'The page stays white.' },
      'On behalf of a customer': {
        title: 'Invoice is missing',
        description: 'Called in by phone.',
        created_by: 'user456',
        assigned_to: 'agent789',
      },
    }),
  },
  responses: { 201: json(TicketResponse, 'The ticket', NEW_TICKET, ['Location']) },
})

const getTicketRoute = defineRoute({
  method: 'get',
  path: '/tickets/{ticket_id}',
  operationId: 'getTicket',
  summary: 'Get a ticket with its comments and attachments',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'With the latest 100 comments and attachments that the caller may see; lists of their own have them all. Customers find ' +
    'the tickets that they created.',
  errors: [404],
  request: { params },
  responses: {
    200: json(TicketDetailResponse, 'The ticket', TICKET_DETAIL, ['ETag']),
    304: emptyBody('It is as `If-None-Match` says', ['ETag']),
  },
})

const updateTicketRoute = defineRoute({
  method: 'patch',
  path: '/tickets/{ticket_id}',
  operationId: 'updateTicket',
  summary: 'Change fields of a ticket',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'What the body does not name stays. Changes of different fields at once all hold; with `If-Match` a change is only made ' +
    'to the version that is known. A change that changes nothing raises no version and emits no event. Customers change ' +
    'title, description, tags and custom fields of their own tickets, close them, and open them again.',
  errors: [
    404,
    412,
    FIELDS_FORBIDDEN,
    errorExample('status_forbidden', 'Customers can only close and reopen tickets', () =>
      statusChangeForbidden('in_progress'),
    ),
    UNKNOWN_MEMBER,
    errorExample('too_many_tags', 'The ticket would have too many tags', CONSTRAINT_ERRORS.tags),
    errorExample(
      'too_many_custom_fields',
      'The ticket would have too many custom fields',
      CONSTRAINT_ERRORS.custom_fields,
    ),
  ],
  request: {
    params,
    body: jsonRequest(UpdateTicketBody, {
      'Take it up': { status: 'in_progress', priority: 'high', assigned_to: 'agent789' },
      'Add and take away tags': { add_tags: ['regression'], remove_tags: ['access'] },
      'Change one custom field and take another away': { custom_fields: { browser: 'Firefox 128.0', os: null } },
    }),
  },
  responses: { 200: json(TicketResponse, 'The ticket as it is now', CHANGED_TICKET, ['ETag']) },
})

const deleteTicketRoute = defineRoute({
  method: 'delete',
  path: '/tickets/{ticket_id}',
  operationId: 'deleteTicket',
  summary: 'Delete a ticket and all that belongs to it',
  tags,
  guard: requireRole(STAFF),
  errors: [404, 412],
  request: { params },
  responses: { 204: emptyBody('Deleted') },
})

const listHistoryRoute = defineRoute({
  method: 'get',
  path: '/tickets/{ticket_id}/history',
  operationId: 'listTicketHistory',
  summary: 'List every change of a ticket',
  description:
    'A change of several fields is an entry for each. Where a comment was deleted, or a file uploaded or deleted, the field ' +
    'is `comments` or `attachments`, and what came or went is told by its ID.',
  tags,
  guard: requireRole(STAFF),
  errors: [404],
  request: { params, query: ListHistoryQuery },
  responses: { 200: page(TicketHistory, 'A page of changes, oldest first', HISTORY) },
})

export function registerTicketRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listTicketsRoute, async (c) =>
    respondWithList(c, await listTickets(serviceContext(c), c.req.valid('query'))),
  )

  registerRoute(app, ticketStatsRoute, async (c) => {
    return c.json({ data: await ticketStats(serviceContext(c)) }, 200)
  })

  registerRoute(app, exportTicketsRoute, async (c): Promise<Response> => {
    const body = await exportTickets(serviceContext(c), c.req.valid('query'))
    return c.body(body, 200, { 'Content-Type': NDJSON })
  })

  registerRoute(app, createTicketRoute, async (c) => {
    const ctx = serviceContext(c)
    const ticket = await createTicket(ctx, c.req.valid('json'))
    return c.json({ data: ticket }, 201, { Location: `${ctx.links.prefix}/tickets/${ticket.id}` })
  })

  registerRoute(app, getTicketRoute, async (c) => {
    const ticket = await getTicket(serviceContext(c), c.req.valid('param').ticket_id)
    const ETag = entityTag(ticket.version, ticket)
    if (matchesIfNoneMatch(c.req.header('If-None-Match'), ETag)) return c.body(null, 304, { ETag })
    return c.json({ data: ticket }, 200, { ETag })
  })

  registerRoute(app, updateTicketRoute, async (c) => {
    const ticket = await updateTicket(serviceContext(c), c.req.valid('param').ticket_id, c.req.valid('json'))
    return c.json({ data: ticket }, 200, { ETag: entityTag(ticket.version, ticket) })
  })

  registerRoute(app, deleteTicketRoute, async (c) => {
    await deleteTicket(serviceContext(c), c.req.valid('param').ticket_id)
    return c.body(null, 204)
  })

  registerRoute(app, listHistoryRoute, async (c) => {
    const { ticket_id } = c.req.valid('param')
    const { perPage, cursors, changes } = await listHistory(serviceContext(c), ticket_id, c.req.valid('query'))
    const { link, pagination } = paginateByCursor(new URL(c.req.url), perPage, cursors)
    return c.json({ data: changes, pagination }, 200, link)
  })
}
