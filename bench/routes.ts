import { NEW_TICKET, READ_TICKETS } from './world.ts'

/** A route that is measured, and the requests that measure it. */
export interface MeasuredRoute {
  name: string
  method: 'GET' | 'POST'
  paths: readonly string[]
  body?: string
}

/** The one that writes comes last, so that the others read the same data in every round. */
export const ROUTES: readonly MeasuredRoute[] = [
  { name: 'GET /health', method: 'GET', paths: ['/health'] },
  { name: 'GET /tickets', method: 'GET', paths: ['/api/v1/tickets'] },
  { name: 'GET /tickets/{id}', method: 'GET', paths: READ_TICKETS.map((id) => `/api/v1/tickets/${id}`) },
  { name: 'POST /tickets', method: 'POST', paths: ['/api/v1/tickets'], body: NEW_TICKET },
]

/** The headers of every request; the floor is sent the same, though it does not look at them. */
export function headersOf(route: MeasuredRoute, token: string): Record<string, string> {
  return {
    Authorization: `Bearer ${token}`,
    ...(route.body !== undefined && { 'Content-Type': 'application/json' }),
  }
}
