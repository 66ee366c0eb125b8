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
  summary: 'List events',
  description:
    'Returns a page of the events of the account, oldest first, in the form in which webhooks receive them. Start without a ' +
    'cursor and continue with `next_cursor` at any time. Events are retained for 30 days unless the operator changes it. A ' +
    'page can be short or empty although `has_more` is true: it has at most 4 MiB and, with `event`, examines 1,000 events. ' +
    'See [Read events](/docs/guides/pagination#read-events).',
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
