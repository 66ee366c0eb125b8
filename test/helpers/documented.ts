import { z } from '@hono/zod-openapi'
import { expect } from 'vitest'
import { PREFIXES } from '../../src/app'
import { NDJSON } from '../../src/http/route'
import { TicketSnapshot } from '../../src/tickets/schema'
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
  const content = 'content' in response ? response.content : undefined
  if (content?.[NDJSON] && method !== 'HEAD') {
    expectLines(body)
    return
  }
  const media = content?.['application/json']
  const schema = media && 'schema' in media ? media.schema : undefined
  if (!schema || method === 'HEAD') {
    expect(body).toBe('')
    return
  }
  if (!(schema instanceof z.ZodType)) throw new Error(`${method} ${route.path} ${status} has no zod schema`)
  expect(schema.parse(body)).toEqual(body)
}

/** Fails unless a body is of tickets, one a line, and a last line with the cursor to go on from. */
function expectLines(body: unknown): void {
  const lines = z.string().endsWith('\n').parse(body).slice(0, -1).split('\n')
  const [last, ...tickets] = lines.map((line) => JSON.parse(line)).toReversed()
  expect(last).toEqual({ next_cursor: last.next_cursor === null ? null : expect.stringMatching(/^[\w-]+$/) })
  expect(z.array(TicketSnapshot).parse(tickets)).toEqual(tickets)
}
