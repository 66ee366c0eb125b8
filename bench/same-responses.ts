import { deepStrictEqual } from 'node:assert/strict'
import { send } from './request.ts'
import type { MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/**
 * Throws unless both responses are equal: the same JSON for a GET except for cursors, JSON of the same shape for other
 * methods, whose responses contain new IDs. Otherwise, the two would do different work.
 */
export async function checkSameResponse(
  { ours, floor }: { ours: Server; floor: Server },
  route: MeasuredRoute,
  token: string,
): Promise<void> {
  const [serviceResponse, floorResponse] = await Promise.all([sendTo(ours, route, token), sendTo(floor, route, token)])
  const view = route.method === 'GET' ? withoutCursors : shapeOf
  deepStrictEqual(
    view(floorResponse),
    view(serviceResponse),
    `bench/floor.ts must respond to ${route.name} as the service does`,
  )
}

async function sendTo(server: Server, route: MeasuredRoute, token: string): Promise<unknown> {
  const response = await send(server, route, token)
  return JSON.parse((await response.text()).replaceAll(server.origin, ''))
}

/** Cursors differ between the two. */
function withoutCursors(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (key, inner) => {
    if (key.endsWith('_cursor')) return typeof inner
    return typeof inner === 'string' ? inner.replace(/cursor=[\w%-]+/, 'cursor=') : inner
  })
}

/** Replaces the leaves by their types. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}
