import { z } from '@hono/zod-openapi'
import { expect } from 'vitest'
import { PREFIXES } from '../../src/app'
import { createV1 } from '../../src/v1'

const routes = createV1().openAPIRegistry.definitions.flatMap((definition) =>
  definition.type === 'route' ? [definition.route] : [],
)

/** Statuses that belong to addresses rather than to operations. */
const UNDOCUMENTED = new Set([404, 405])

/** Fails unless an answer of version 1 has a documented status and exactly a documented body. */
export function expectDocumented(method: string, path: string, status: number, body: unknown): void {
  const prefix = PREFIXES.find((candidate) => path.startsWith(candidate))
  if (!prefix) return
  const inner = path.slice(prefix.length)
  const route = routes.find(
    (candidate) =>
      candidate.method === (method === 'HEAD' ? 'get' : method.toLowerCase()) &&
      new RegExp(`^${candidate.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(inner),
  )
  if (!route) {
    expect(UNDOCUMENTED, `${method} ${path} is no route`).toContain(status)
    return
  }
  const response = route.responses[status]
  if (!response) throw new Error(`${method} ${route.path} does not document ${status}`)
  const media = 'content' in response ? response.content?.['application/json'] : undefined
  const schema = media && 'schema' in media ? media.schema : undefined
  if (!schema || method === 'HEAD') {
    expect(body).toBe('')
    return
  }
  if (!(schema instanceof z.ZodType)) throw new Error(`${method} ${route.path} ${status} has no zod schema`)
  expect(schema.parse(body)).toEqual(body)
}
