import type { OpenAPIHono } from '@hono/zod-openapi'
import { requireRole } from '../access/middleware'
import { serviceContext } from '../access/request-context'
import { STAFF } from '../core/policy'
import type { AppEnv } from '../http/app-env'
import { json } from '../http/openapi/responses'
import { defineRoute, registerRoute } from '../http/openapi/route'
import { EVENT_LIST } from './examples'
import { EventList, ListEventsQuery } from './schema'
import { listEvents } from './service'

const listEventsRoute = defineRoute({
  method: 'get',
  path: '/events',
  operationId: 'listEvents',
  summary: 'List what has happened in the account, oldest first',
  description:
    'The items are the bodies that webhooks are sent. Start without a cursor and come back with `next_cursor`, at any time: ' +
    'nothing is missed while events are kept. A page holds 4 MiB, and a filter by event looks through 1,000 events a page, ' +
    'so that a page may be short, or empty, while `has_more` is true.',
  tags: ['Webhooks'],
  guard: requireRole(STAFF),
  errors: [410],
  request: { query: ListEventsQuery },
  responses: { 200: json(EventList, 'A page of events', EVENT_LIST) },
})

export function registerEventRoutes(app: OpenAPIHono<AppEnv>): void {
  registerRoute(app, listEventsRoute, async (c) => {
    const { events, pagination } = await listEvents(serviceContext(c), c.req.valid('query'))
    return c.json({ data: events, pagination }, 200)
  })
}
