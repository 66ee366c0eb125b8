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
import { ExportTicketsQuery, ListTicketsQuery } from './filter-schema'
import { listHistory } from './history'
import { ListHistoryQuery, TicketHistory } from './history-schema'
import { listTickets } from './list'
import {
  CreateTicketBody,
  type ExportLine,
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
    'Returns a page of tickets, newest first unless you sort otherwise. Customers see the tickets that they created. Use ' +
    '`page` for totals, `cursor` for large lists. See [Pagination and export](/docs/guides/pagination).',
  tags,
  guard: requireRole(EVERYONE),
  request: { query: ListTicketsQuery },
  responses: { 200: page(TicketList, 'A page of tickets', TICKETS) },
})

const ticketStatsRoute = defineRoute({
  method: 'get',
  path: '/tickets/stats',
  operationId: 'getTicketStats',
  summary: 'Count tickets',
  description: 'Returns exact numbers of the tickets that you may see, by status, priority and assignee.',
  tags,
  guard: requireRole(EVERYONE),
  responses: { 200: json(TicketStatsResponse, 'The numbers', STATS) },
})

const exportTicketsRoute = defineRoute({
  method: 'get',
  path: '/tickets/export',
  operationId: 'exportTickets',
  summary: 'Export tickets',
  description:
    'Returns matching tickets with their custom fields as a stream, one JSON object per line. The last line is ' +
    '`{"next_cursor": …}`: null if everything was sent, otherwise the `cursor` to continue with, after 100,000 tickets or a ' +
    'failure. An export without this line is incomplete. See ' +
    '[Export all tickets](/docs/guides/pagination#export-all-tickets).',
  tags,
  guard: requireRole(STAFF),
  request: { query: ExportTicketsQuery },
  responses: { 200: ndjson<typeof ExportLine>('ExportLine', 'The tickets, and the last line', EXPORT) },
})

const createTicketRoute = defineRoute({
  method: 'post',
  path: '/tickets',
  operationId: 'createTicket',
  summary: 'Create ticket',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'Returns the new ticket. Only agents and admins can set `status`, `assigned_to` and `created_by`. Emits ' +
    '`ticket.created`.',
  errors: [
    404,
    FIELDS_FORBIDDEN,
    UNKNOWN_MEMBER,
    errorExample('storage_full', 'The account has no storage left for the files', CONSTRAINT_ERRORS.storage),
  ],
  request: {
    body: jsonRequest(CreateTicketBody, {
      'Ticket with a file': NEW_TICKET_JSON,
      'Required fields only': { title: 'Cannot log in', description: 'The page stays white.' },
      'On behalf of a customer': {
        title: 'Invoice is missing',
        description: 'Called in by phone.',
        created_by: 'user456',
        assigned_to: 'agent789',
      },
    }),
  },
  responses: { 201: json(TicketResponse, 'The new ticket', NEW_TICKET, ['Location']) },
})

const getTicketRoute = defineRoute({
  method: 'get',
  path: '/tickets/{ticket_id}',
  operationId: 'getTicket',
  summary: 'Get ticket',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'Returns a ticket with its latest 100 comments and attachments. Customers can get the tickets that they created.',
  errors: [404],
  request: { params },
  responses: {
    200: json(TicketDetailResponse, 'The ticket', TICKET_DETAIL, ['ETag']),
    304: emptyBody('Not changed since the version in `If-None-Match`', ['ETag']),
  },
})

const updateTicketRoute = defineRoute({
  method: 'patch',
  path: '/tickets/{ticket_id}',
  operationId: 'updateTicket',
  summary: 'Update ticket',
  tags,
  guard: requireRole(EVERYONE),
  description:
    'Returns the updated ticket. Fields you omit are unchanged, and concurrent updates to different fields are all kept. ' +
    'Customers can update title, description, tags and custom fields of their own tickets, close and reopen them. Emits ' +
    '`ticket.updated`, unless nothing changes. See [Concurrent changes](/docs/guides/idempotency#concurrent-changes).',
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
      'Start work': { status: 'in_progress', priority: 'high', assigned_to: 'agent789' },
      'Add and remove tags': { add_tags: ['regression'], remove_tags: ['access'] },
      'Set and remove custom fields': { custom_fields: { browser: 'Firefox 128.0', os: null } },
    }),
  },
  responses: { 200: json(TicketResponse, 'The updated ticket', CHANGED_TICKET, ['ETag']) },
})

const deleteTicketRoute = defineRoute({
  method: 'delete',
  path: '/tickets/{ticket_id}',
  operationId: 'deleteTicket',
  summary: 'Delete ticket',
  description:
    'Deletes a ticket with its comments, attachments and history. Emits `ticket.deleted`. Its texts are also removed from its ' +
    'earlier events and from stored responses. See ' +
    '[Events of deleted tickets and comments](/docs/guides/webhooks#redacted-events).',
  tags,
  guard: requireRole(STAFF),
  errors: [404, 412],
  request: { params },
  responses: { 204: emptyBody('The ticket is deleted') },
})

const listHistoryRoute = defineRoute({
  method: 'get',
  path: '/tickets/{ticket_id}/history',
  operationId: 'listTicketHistory',
  summary: 'List ticket history',
  description:
    'Returns a page of the changes of a ticket, oldest first, one entry per changed field. Deleted comments, and files that ' +
    'were added or deleted, are listed by their ID.',
  tags,
  guard: requireRole(STAFF),
  errors: [404],
  request: { params, query: ListHistoryQuery },
  responses: { 200: page(TicketHistory, 'A page of changes', HISTORY) },
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
