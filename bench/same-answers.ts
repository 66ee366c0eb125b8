import { deepStrictEqual } from 'node:assert/strict'
import { headersOf, type MeasuredRoute } from './routes.ts'
import type { Server } from './servers.ts'

/**
 * Fails unless the floor gives the answer that the service gives: the same JSON to a GET, JSON of the same shape to
 * the rest, whose answers hold new IDs. Else the two would not be measured at the same work.
 */
export async function checkSameAnswers(
  { ours, floor }: { ours: Server; floor: Server },
  routes: readonly MeasuredRoute[],
  token: string,
): Promise<void> {
  for (const route of routes) {
    const [answer, floorAnswer] = await Promise.all([ours, floor].map(({ origin }) => ask(origin, route, token)))
    const view = route.method === 'GET' ? (value: unknown) => value : shapeOf
    deepStrictEqual(view(floorAnswer), view(answer), `bench/floor.ts must answer ${route.name} as the service does`)
  }
}

async function ask(origin: string, route: MeasuredRoute, token: string): Promise<unknown> {
  const { method, paths, body } = route
  const response = await fetch(`${origin}${paths[0]}`, {
    method,
    headers: headersOf(route, token),
    ...(body !== undefined && { body }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${origin} answers ${route.name} with ${response.status}: ${text}`)
  return JSON.parse(text)
}

/** A JSON value with its leaves replaced by their types. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]))
}
