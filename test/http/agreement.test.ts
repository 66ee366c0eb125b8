import { z } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { createV1 } from '../../src/v1'
import { faultsOf } from '../helpers/json-schema'
import { OPERATIONS } from '../helpers/openapi'

/** Bodies by operation, and whether they are taken: what the document and the service once judged differently. */
const BODIES: [operationId: string, body: unknown, taken: boolean][] = [
  ['createWebhook', { url: 'https://hooks.example.com/tickets', events: ['*'] }, true],
  ['createWebhook', { url: 'HTTPS://hooks.example.com', events: ['*'] }, true],
  ['createWebhook', { url: 'ftp://hooks.example.com', events: ['*'] }, false],
  ['updateWebhook', { url: 'mailto:jane@example.com' }, false],
]

const registered = createV1().openAPIRegistry.definitions.flatMap((entry) =>
  entry.type === 'route' ? [entry.route] : [],
)

it.each(BODIES)('the document and the service agree on %s %j', (operationId, body, taken) => {
  const media = OPERATIONS.find((operation) => operation.operationId === operationId)?.requestBody?.content
  const content = registered.find((route) => route.operationId === operationId)?.request?.body?.content
  const told = content?.['application/json']
  const validator = told && 'schema' in told ? told.schema : undefined
  const schema = media?.['application/json']?.schema
  if (!schema || !(validator instanceof z.ZodType)) throw new Error(`${operationId} takes no body`)
  expect(faultsOf(body, schema).length === 0).toBe(taken)
  expect(validator.safeParse(body).success).toBe(taken)
})
