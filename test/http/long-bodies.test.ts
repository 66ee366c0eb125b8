import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { createV1 } from '../../src/app'
import { createTestAccount } from '../helpers/api'
import { FILLERS, sendLarge } from '../helpers/fillers'
import { OPERATIONS } from '../helpers/openapi'
import { operationOf } from '../helpers/operations'
import { patternsRunOn } from '../helpers/patterns-run'
import { prepareRequest } from '../helpers/sample-requests'
import { ANY_NAME, stringFields, withText } from '../helpers/string-fields'

/** Not divisible by four, because 9 MB of `a` would be valid base64 otherwise. */
const LENGTH = 9_000_001
/** No pattern may run on a text of this length. */
const TOO_LONG = 100_000

const VALIDATORS = new Map(
  createV1().openAPIRegistry.definitions.flatMap((entry) => {
    const media = entry.type === 'route' ? entry.route.request?.body?.content['application/json'] : undefined
    const schema = media && 'schema' in media ? media.schema : undefined
    return entry.type === 'route' && schema instanceof z.ZodType ? [[entry.route.operationId, schema]] : []
  }),
)

const FIELDS = OPERATIONS.flatMap(({ operationId, method, path, requestBody }) => {
  const schema = requestBody?.content['application/json']?.schema
  const fields = schema ? stringFields(schema) : []
  return fields.map((field) => ({ operationId, operation: `${method} ${path}`, name: field.join('.'), field }))
})

/** Long field names are shortened in errors. */
function isAmong(field: string[], rejected: string[]): boolean {
  const name = field.filter((key) => key !== ANY_NAME).join('.')
  return rejected.some((each) => each.startsWith(name))
}

describe('9 MB in a string field of a body', () => {
  it('can be put into each field of each operation that reads JSON', () => {
    const documented = OPERATIONS.filter(({ requestBody }) => requestBody?.content['application/json'])
    expect(new Set(VALIDATORS.keys())).toEqual(new Set(documented.map(({ operationId }) => operationId)))
    const ofTickets = FIELDS.filter(({ operation }) => operation === 'POST /tickets').map(({ name }) => name)
    for (const name of ['custom_fields.*', 'custom_fields.any', 'tags.0', 'attachments.0.content', 'assigned_to'])
      expect(ofTickets).toContain(name)
  })

  it.each(FIELDS)('is refused by its length, before a pattern sees it: $operation $name', async (each) => {
    const validator = VALIDATORS.get(each.operationId)
    for (const filler of FILLERS) {
      const body = withText({}, each.field, filler.repeat(LENGTH))
      let rejected: string[] = []
      const patterns = await patternsRunOn(TOO_LONG, () => {
        const issues = validator?.safeParse(body).error?.issues ?? []
        rejected = issues.map(({ path }) => path.join('.').slice(0, 100))
      })
      expect([patterns, isAmong(each.field, rejected)], filler).toEqual([[], true])
    }
  })

  it.each(FIELDS.map((each, index) => ({ ...each, filler: FILLERS[index % FILLERS.length] ?? 'a' })))(
    'returns 400: $operation $name full of "$filler"',
    async ({ operationId, field, filler }) => {
      const request = await prepareRequest(operationOf(operationId), await createTestAccount())
      const response = await sendLarge({ ...request, body: withText(request.body, field, filler.repeat(LENGTH)) })
      expect(response.status, response.text).toBe(400)
      const rejected = response.body.error.details.map((detail: { field: string }) => detail.field)
      expect(isAmong(field, rejected), response.text).toBe(true)
    },
  )

  it.each(['a', '@', 'a@', '@.'])('returns 400 for an email of 9 MB of "%s", whoever sends it', async (filler) => {
    const body = { email: `${filler.repeat(LENGTH / filler.length)}@`, password: 'x' }
    const response = await sendLarge({ caller: null, method: 'POST', path: 'auth/login', body })
    expect([response.status, response.body.error.details]).toEqual([
      ...[400, [{ field: 'email', message: 'Email must be at most 254 characters', code: 'too_long' }]],
    ])
  })

  it('returns 413 where two of them exceed the limit of a body', async () => {
    const request = await prepareRequest(operationOf('createTicket'), await createTestAccount())
    const text = 'a'.repeat(LENGTH)
    expect((await sendLarge({ ...request, body: { title: text, description: text } })).status).toBe(413)
  })
})
