import { deepStrictEqual } from 'node:assert/strict'
import { send } from './request.ts'
import type { MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/**
 * Fails unless the floor gives the answer that the service gives: the same JSON to a GET but for cursors, JSON of the
 * same shape to the rest, whose answers hold new IDs. Else the two would not be measured at the same work.
 */
export async function checkSameAnswer(
  { ours, floor }: { ours: Server; floor: Server },
  route: MeasuredRoute,
  token: string,
): Promise<void> {
  const [answer, floorAnswer] = await Promise.all([ask(ours, route, token), ask(floor, route, token)])
  const view = route.method === 'GET' ? withoutCursors : shapeOf
  deepStrictEqual(view(floorAnswer), view(answer), `bench/floor.ts must answer ${route.name} as the service does`)
}

async function ask(server: Server, route: MeasuredRoute, token: string): Promise<unknown> {
  const response = await send(server, route, token)
  return JSON.parse((await response.text()).replaceAll(server.origin, ''))
}

/** A JSON value without what its cursors say, for they are their writer's own. */
function withoutCursors(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) => {
    if (key.endsWith('_cursor')) return typeof inner
    return typeof inner === 'string' ? inner.replace(/cursor=[\w%-]+/, 'cursor=') : inner
  })
}

/** A JSON value with its leaves replaced by their types. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}
