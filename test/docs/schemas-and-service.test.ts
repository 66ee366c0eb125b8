import { z } from '@hono/zod-openapi'
import { expect, it } from 'vitest'
import { createV1 } from '../../src/app'
import { faultsOf } from '../helpers/json-schema'
import { OPERATIONS } from '../helpers/openapi'

/** Bodies by operation, and whether they are valid. The document and the service once disagreed about them. */
const BODIES: [operationId: string, body: unknown, taken: boolean][] = [
  ['createWebhook', { url: 'https://hooks.example.com/tickets', events: ['*'] }, true],
  ['createWebhook', { url: 'HTTPS://hooks.example.com', events: ['*'] }, true],
  ['createWebhook', { url: 'ftp://hooks.example.com', events: ['*'] }, false],
  ['updateWebhook', { url: 'mailto:jane@example.com' }, false],
  ['setPassword', { password: 'a tab\tis a character' }, true],
  ['setPassword', { password: 'a bell\u0007 is none' }, false],
  ['login', { email: 'jane@example.com', password: '\u009a' }, false],
  ['createTicket', withFile('QQ=='), true],
  ['createTicket', withFile('QR=='), false],
  ['createTicket', withFile('QUE='), true],
  ['createTicket', withFile('QUF='), false],
]

function withFile(content: string) {
  return { title: 'T', description: 'D', attachments: [{ filename: 'a.txt', content, mime_type: 'text/plain' }] }
}

const registered = createV1().openAPIRegistry.definitions.flatMap((entry) =>
  entry.type === 'route' ? [entry.route] : [],
)

it.each(BODIES)('the document and the service agree on %s %j', (operationId, body, taken) => {
  const media = OPERATIONS.find((operation) => operation.operationId === operationId)?.requestBody?.content
  const content = registered.find((route) => route.operationId === operationId)?.request?.body?.content
  const documented = content?.['application/json']
  const validator = documented && 'schema' in documented ? documented.schema : undefined
  const schema = media?.['application/json']?.schema
  if (!schema || !(validator instanceof z.ZodType)) throw new Error(`${operationId} takes no body`)
  expect(faultsOf(body, schema).length === 0).toBe(taken)
  expect(validator.safeParse(body).success).toBe(taken)
})
