import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, call, createTestAccount, createTicket } from '../helpers/api'
import { upload } from '../helpers/files'
import { API_OPERATIONS } from '../helpers/operations'
import { callAs, detailsOf } from '../helpers/tickets'

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

const send = (method: string, path: string, body: string, headers: Record<string, string> = {}) =>
  call(method, path, { token: account.admin.token, body, headers: { 'Content-Type': 'application/json', ...headers } })

const ticket = (fields: string) => `{"title":"T","description":"D","custom_fields":{${fields}}}`

const INEXACT = 'must be a number that a double can hold without changing its value; send longer numbers as a string'

describe('a number in custom_fields', () => {
  it.each([
    '9007199254740993',
    '9007199254740992',
    '-9007199254740993',
    '12345678901234567890',
    '1796029680123456789',
    '123456789.123456789',
    '1e-400',
    '1e400',
  ])('%s is rejected, and leaves nothing behind', async (literal) => {
    const created = await send('POST', 'tickets', ticket(`"order":${literal}`))
    expect(detailsOf(created, 400, 'invalid_input')).toEqual([
      { field: 'custom_fields.order', message: `Order ${INEXACT}`, code: 'invalid_value' },
    ])
    const { id } = await createTicket(account.agent, { custom_fields: { order: 1 } })
    const changed = await send('PATCH', `tickets/${id}`, `{"custom_fields":{"order":${literal}}}`)
    expect(detailsOf(changed, 400, 'invalid_input')[0]?.field).toBe('custom_fields.order')
    const after = (await callAs(account.agent, 'GET', `tickets/${id}`)).body.data
    expect([after.custom_fields, after.version]).toEqual([{ order: 1 }, 1])
  })

  it.each(['0.1', '1.10', '-12.5', '9007199254740991', '6.02214076e23', '5e-324', '0.30000000000000004'])(
    '%s comes back as the same value, on both routes',
    async (literal) => {
      const created = await send('POST', 'tickets', ticket(`"order":${literal}`))
      expect(created.body.data.custom_fields.order).toBe(Number(literal))
      const { id } = await createTicket(account.agent)
      const changed = await send('PATCH', `tickets/${id}`, `{"custom_fields":{"order":${literal}}}`)
      expect(changed.body.data.custom_fields.order).toBe(Number(literal))
    },
  )

  it('-0 is stored as 0', async () => {
    const created = await send('POST', 'tickets', ticket('"order":-0'))
    expect(Object.is(created.body.data.custom_fields.order, 0)).toBe(true)
  })

  it('is accepted as a string of any length', async () => {
    const created = await send('POST', 'tickets', ticket('"order":"9007199254740993"'))
    expect(created.body.data.custom_fields.order).toBe('9007199254740993')
  })
})

describe('a member name that appears more than once', () => {
  it.each([
    ['{"title":"a","title":"b","description":"d"}', 'title', 'Title must appear once'],
    ['{"title":"a","\\u0074itle":"b","description":"d"}', 'title', 'Title must appear once'],
    [ticket('"a":1,"a":1'), 'custom_fields.a', 'A must appear once'],
    [
      '{"title":"a","description":"d","attachments":[{"filename":"f","filename":"g","content":"","mime_type":"a/b"}]}',
      'attachments.0.filename',
      'Filename must appear once',
    ],
  ])('%s is rejected', async (body, field, message) => {
    expect(detailsOf(await send('POST', 'tickets', body), 400, 'invalid_input')).toEqual([
      { field, message, code: 'conflicting_fields' },
    ])
  })

  it('is listed at most 50 times', async () => {
    const details = detailsOf(
      await send('POST', 'tickets', `{"title":"a"${',"title":"a"'.repeat(99)}}`),
      400,
      'invalid_input',
    )
    expect(details).toHaveLength(50)
    expect(details.at(-1)?.message).toBe('50 more problems are not listed')
  })
})

it('every operation with a JSON body rejects both', async () => {
  const operations = API_OPERATIONS.filter(({ hasBody, operationId }) => hasBody && operationId !== 'uploadAttachment')
  expect(operations.length).toBeGreaterThan(10)
  for (const { method, path, name } of operations) {
    const url = path.replace(/\{\w+\}/g, 'x1').replace(/^\//, '')
    for (const body of ['{"x":1,"x":1}', '{"x":9007199254740993}']) {
      const response = await send(method, url, body)
      expect(detailsOf(response, 400, 'invalid_input')[0]?.field, name).toBe('x')
    }
  }
})

describe('an idempotency key with', () => {
  const keyed = (key: string, body: string) => send('POST', 'tickets', body, { 'Idempotency-Key': key })

  it('the same values in another order, with white space and escapes, is a replay', async () => {
    const first = await keyed('same', '{"title":"Straße","description":"D","custom_fields":{"a":1,"b":"x"}}')
    expect(first.status).toBe(201)
    for (const body of [
      '{ "description" : "D", "custom_fields": {"b":"x","a":1.0}, "title":"Stra\\u00dfe" }',
      '\n{"custom_fields":{"b":"\\u0078","a":1e0},"title":"Straße","description":"D"}\n',
    ]) {
      const again = await keyed('same', body)
      expect([again.status, again.headers.get('Idempotent-Replayed'), again.text]).toEqual([201, 'true', first.text])
    }
  })

  it.each([
    '{"title":"T","description":"D","tags":["b","a"]}',
    '{"title":"T","description":"D","tags":["a","b"],"custom_fields":{}}',
    '{"title":"t","description":"D","tags":["a","b"]}',
  ])('other values is 422: %s', async (body) => {
    const key = `other-${body.length}-${body.charAt(10)}-${body.charAt(44)}`
    expect((await keyed(key, '{"title":"T","description":"D","tags":["a","b"]}')).status).toBe(201)
    expect((await keyed(key, body)).status).toBe(422)
  })

  it('another media type of the same file is 422', async () => {
    const { id } = await createTicket(account.customer)
    const bytes = new TextEncoder().encode('abc')
    const sendFile = (type: string) =>
      upload(account.customer, id, { bytes, headers: { 'Idempotency-Key': 'typed', 'Content-Type': type } })
    expect((await sendFile('text/plain')).status).toBe(201)
    expect((await sendFile('image/png')).status).toBe(422)
    expect((await sendFile('text/plain')).headers.get('Idempotent-Replayed')).toBe('true')
  })
})
