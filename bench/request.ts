import { moveCursor } from './cursors.ts'
import { createdAt } from './dataset.ts'
import { headersOf, type MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/** Bodies sent per path, so that the next one differs. */
const sent = new Map<string, number>()

export function nextBody({ body }: MeasuredRoute, path: string): string | undefined {
  const before = sent.get(path) ?? 0
  sent.set(path, before + 1)
  return body?.(before)
}

/** The number of the request, and its ID in the log. */
interface Sending {
  nth?: number
  requestId?: string
}

/** Throws unless the response is a 2xx. */
export async function send(
  { origin }: Server,
  route: MeasuredRoute,
  token: string,
  { nth = 0, requestId }: Sending = {},
): Promise<Response> {
  const path = route.paths[nth % route.paths.length] ?? ''
  const body = nextBody(route, path)
  const response = await fetch(`${origin}${path}`, {
    method: route.method,
    headers: { ...headersOf(route, token), ...(requestId !== undefined && { 'X-Request-Id': requestId }) },
    ...(body !== undefined && { body }),
  })
  if (!response.ok) throw new Error(`${origin} returned ${response.status} for ${route.name}: ${await response.text()}`)
  return response
}

/**
 * A cursor in the middle of the list of all tickets. It is the first page's cursor with another position, because
 * paging there would take thousands of requests.
 */
export async function findDeepCursor({ origin }: Server, size: number, token: string): Promise<string> {
  const response = await fetch(`${origin}/api/v1/tickets?cursor=`, { headers: { Authorization: `Bearer ${token}` } })
  const { pagination } = (await response.json()) as { pagination: { next_cursor: string } }
  const number = Math.floor(size / 2)
  return moveCursor(pagination.next_cursor, { at: createdAt(number, size), number })
}
