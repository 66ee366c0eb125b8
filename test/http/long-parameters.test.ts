import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTestAccount } from '../helpers/api'
import { uploadFile } from '../helpers/files'
import { FILLERS, sendLarge } from '../helpers/fillers'
import { type JsonSchema, OPERATIONS, resolved } from '../helpers/openapi'
import { operationOf } from '../helpers/operations'
import { patternsRunOn } from '../helpers/patterns-run'
import { prepareRequest, type SampleRequest } from '../helpers/sample-requests'

/** Cloudflare accepts URLs of 16 KB and headers of 128 KB. */
const IN_URL = 15_000
const IN_HEADER = 100_000

const FILE = 'GET /files/{attachment_id}/{filename}'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const PARAMETERS = OPERATIONS.flatMap(({ operationId, method, path, parameters }) =>
  parameters.map((parameter) => ({
    operationId,
    operation: `${method} ${path}`,
    ...resolved<{ name: string; in: string; schema: JsonSchema }>(parameter),
  })),
)
const those = (place: string) => PARAMETERS.filter((parameter) => parameter.in === place)

async function requestOf(operationId: string, operation: string): Promise<SampleRequest> {
  if (operation !== FILE) return prepareRequest(operationOf(operationId), account)
  const { url } = await uploadFile(account.agent, { filename: 'a.txt', content: 'YWJj', mime_type: 'text/plain' })
  return { caller: null, method: 'GET', path: url }
}

describe('a long query parameter', () => {
  it.each(those('query'))('is rejected: $operation $name', async ({ operationId, operation, name }) => {
    const request = await requestOf(operationId, operation)
    for (const filler of FILLERS) {
      const url = new URL(request.path, 'http://localhost:3000/api/v1/')
      url.searchParams.set(name, filler.repeat(IN_URL))
      const response = await sendLarge({ ...request, path: url.href })
      expect(response.status, response.text).toBe(operation === FILE ? 403 : 400)
    }
  })
})

describe('a long path parameter', () => {
  it.each(those('path'))('is 404: $operation $name', async ({ operationId, operation, name }) => {
    const request = await requestOf(operationId, operation)
    const url = new URL(request.path, 'http://localhost:3000/api/v1/')
    const template = operation.split('/').slice(1)
    const at = template.indexOf(`{${name}}`)
    const parts = url.pathname.split('/').slice(-template.length)
    for (const filler of FILLERS) {
      const path = parts.with(at, encodeURIComponent(filler.repeat(IN_URL / 3))).join('/')
      const response = await sendLarge({ ...request, path: `${operation === FILE ? '/' : ''}${path}${url.search}` })
      expect(response.status, response.text).toBe(operation === FILE ? 403 : 404)
    }
  })
})

describe('a long header', () => {
  /** The operation that reads the header, and its status for a value of 100,000 characters. */
  const HEADERS: Record<string, [operation: string, status: number]> = {
    'Idempotency-Key': ['POST /tickets', 400],
    'If-Match': ['PATCH /tickets/{ticket_id}', 412],
    'If-None-Match': ['GET /tickets/{ticket_id}', 200],
    'If-Range': [FILE, 200],
    Range: [FILE, 200],
    'X-D1-Bookmark': ['GET /tickets', 200],
    'X-Request-Id': ['GET /tickets', 200],
    Authorization: ['GET /tickets', 401],
    'X-API-Key': ['GET /tickets', 401],
    'Content-Type': ['POST /tickets', 415],
    'Content-Encoding': ['POST /tickets', 415],
    'CF-Connecting-IP': ['GET /users', 200],
  }

  it('is documented, or belongs to HTTP', () => {
    expect(Object.keys(HEADERS)).toEqual(expect.arrayContaining([...new Set(those('header').map(({ name }) => name))]))
  })

  it.each(Object.entries(HEADERS))(
    '%s is rejected or ignored, and no pattern is tried',
    async (name, [operation, status]) => {
      const { operationId = '' } = PARAMETERS.find((parameter) => parameter.operation === operation) ?? {}
      const request = await requestOf(operationId, operation)
      for (const [first, last] of [
        ['', ''],
        ['Bearer ', ''],
        ['bytes=0-', 'x'],
        ['"1.', '"'],
        ['application/json', 'x'],
      ])
        for (const filler of FILLERS) {
          const patterns = await patternsRunOn(IN_HEADER, async () => {
            const value = `${first}x${filler.repeat(IN_HEADER)}x${last}`
            const response = await sendLarge(request, {
              ...(name === 'X-API-Key' && { Authorization: '' }),
              [name]: value,
            })
            expect([response.status, response.text.slice(0, 200)]).toEqual([status, expect.anything()])
          })
          expect(patterns, `${first}${filler}`).toEqual([])
        }
    },
  )
})
