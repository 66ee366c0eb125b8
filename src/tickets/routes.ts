import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { pathId } from '../http/fields'
import { paginate } from '../http/pagination'
import { addRoute, describeRoute, empty, json, jsonRequest } from '../http/route'
import { guard } from '../rate-limiting/middleware'
import { EVERYONE, STAFF } from '../roles'
import { serviceContext } from '../service-context'
import {
  CreateTicketBody,
  ListTicketsQuery,
  TicketAnswer,
  TicketDetailAnswer,
  TicketList,
  UpdateTicketBody,
} from './schema'
import { createTicket, deleteTicket, getTicket, listTickets, updateTicket } from './service'

const params = z.object({ ticket_id: pathId('ticket_id', 'ticket123') })
const tags = ['Tickets']

const listTicketsRoute = describeRoute({
  method: 'get',
  path: '/tickets',
  operationId: 'listTickets',
  summary: 'List tickets',
  tags,
  guard: guard(EVERYONE),
  request: { query: ListTicketsQuery },
  responses: { 200: json(TicketList, 'A page of tickets, newest first unless sorted otherwise') },
})

const createTicketRoute = describeRoute({
  method: 'post',
  path: '/tickets',
  operationId: 'createTicket',
  summary: 'Create a ticket',
  tags,
  guard: guard(EVERYONE),
  fails: [422],
  request: { body: jsonRequest(CreateTicketBody) },
  responses: { 201: json(TicketAnswer, 'The ticket; `Location` is its path') },
})

const getTicketRoute = describeRoute({
  method: 'get',
  path: '/tickets/{ticket_id}',
  operationId: 'getTicket',
  summary: 'Get a ticket with its comments and attachments',
  tags,
  guard: guard(EVERYONE),
  fails: [404],
  request: { params },
  responses: { 200: json(TicketDetailAnswer, 'The ticket') },
})

const updateTicketRoute = describeRoute({
  method: 'patch',
  path: '/tickets/{ticket_id}',
  operationId: 'updateTicket',
  summary: 'Change fields of a ticket',
  tags,
  guard: guard(EVERYONE),
  fails: [404, 422],
  request: { params, body: jsonRequest(UpdateTicketBody) },
  responses: { 200: json(TicketAnswer, 'The ticket as it is now') },
})

const deleteTicketRoute = describeRoute({
  method: 'delete',
  path: '/tickets/{ticket_id}',
  operationId: 'deleteTicket',
  summary: 'Delete a ticket and all that belongs to it',
  tags,
  guard: guard(STAFF),
  fails: [404],
  request: { params },
  responses: { 204: empty('Deleted') },
})

/** Puts the routes of tickets into the router: for everybody of the account, deletion for agents and admins. */
export function addTicketRoutes(app: OpenAPIHono<AppEnv>): void {
  addRoute(app, listTicketsRoute, async (c) => {
    const { page, total, tickets } = await listTickets(serviceContext(c), c.req.valid('query'))
    const { link, pagination } = paginate(new URL(c.req.url), page, total)
    return c.json({ data: tickets, pagination }, 200, { Link: link })
  })

  addRoute(app, createTicketRoute, async (c) => {
    const ctx = serviceContext(c)
    const ticket = await createTicket(ctx, c.req.valid('json'))
    return c.json({ data: ticket }, 201, { Location: `${ctx.links.prefix}/tickets/${ticket.id}` })
  })

  addRoute(app, getTicketRoute, async (c) => {
    const ticket = await getTicket(serviceContext(c), c.req.valid('param').ticket_id)
    return c.json({ data: ticket }, 200)
  })

  addRoute(app, updateTicketRoute, async (c) => {
    const ticket = await updateTicket(serviceContext(c), c.req.valid('param').ticket_id, c.req.valid('json'))
    return c.json({ data: ticket }, 200)
  })

  addRoute(app, deleteTicketRoute, async (c) => {
    await deleteTicket(serviceContext(c), c.req.valid('param').ticket_id)
    return c.body(null, 204)
  })
}
