import { z } from '@hono/zod-openapi'
import { describe, expect, it } from 'vitest'
import { createV1 } from '../../src/app'
import { FILENAME_PATTERN, LINE_PATTERN } from '../../src/http/schemas/patterns'
import { lineViolation } from '../../src/http/schemas/request-fields'
import { type Account, call, createTestAccount } from '../helpers/api'
import { type JsonSchema, resolved } from '../helpers/openapi'
import { API_OPERATIONS, operationOf } from '../helpers/operations'
import { prepareRequest, send } from '../helpers/sample-requests'
import { stringFields, withText } from '../helpers/string-fields'

/** Unicode's Bidi_Control. */
const BIDI_CONTROLS = charactersOf(/^\p{Bidi_Control}$/u)
const BLANKS = [' ', '\u00a0', '\u00ad', '\u200b', '\u2028', '\u2800', '\u3000', '\u3164', '\ufeff', '\u{e0020}']

/** Text that may have several lines, passwords, and what a search compares: these may contain any character. */
const OTHER_TEXTS = [
  'changePassword current_password',
  'changePassword new_password',
  'createAccount password',
  'createComment content',
  'createTicket custom_fields.any',
  'createTicket description',
  'createUser password',
  'exportTickets q',
  'listTickets q',
  'listUsers q',
  'login password',
  'register password',
  'setPassword password',
  'updateMe current_password',
  'updateTicket custom_fields.any',
  'updateTicket description',
  'updateUser current_password',
]

interface Field {
  operationId: string
  part: 'body' | 'query'
  name: string
  path: string[]
}

const FIELDS: Field[] = API_OPERATIONS.flatMap(({ operationId, parameters, requestBody }) => {
  const body = requestBody?.content['application/json']?.schema
  const query = parameters
    .map((parameter) => resolved(parameter))
    .filter((parameter) => parameter.in === 'query' && isText(parameter.schema))
  return [
    ...(body ? stringFields(body) : []).map((path) => ({ operationId, part: 'body' as const, path })),
    ...query.map(({ name }) => ({ operationId, part: 'query' as const, path: [name] })),
  ].map((field) => ({ ...field, name: field.path.join('.') }))
})

const SINGLE_LINE = FIELDS.filter(({ operationId, name }) => !OTHER_TEXTS.includes(`${operationId} ${name}`))

/** Services parse cursors themselves. */
const VALIDATED = SINGLE_LINE.filter(({ name }) => name !== 'cursor')

const VALIDATORS = new Map(
  createV1().openAPIRegistry.definitions.flatMap((entry): [string, unknown][] => {
    if (entry.type !== 'route') return []
    const { operationId, request } = entry.route
    const media = request?.body?.content['application/json']
    return [
      [`${operationId} body`, media && 'schema' in media ? media.schema : undefined],
      [`${operationId} query`, request?.query],
    ]
  }),
)

function isText(schema: JsonSchema): boolean {
  return schema.type === 'string' || schema.type === 'array'
}

function charactersOf(pattern: RegExp): string[] {
  return Array.from({ length: 0x11_0000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((character) => pattern.test(character))
}

/** Field names of the errors. */
function rejectedFields({ operationId, part, path }: Field, text: string): string[] {
  const validator = VALIDATORS.get(`${operationId} ${part}`)
  if (!(validator instanceof z.ZodType)) throw new Error(`${operationId} has no ${part}`)
  const issues = validator.safeParse(withText({}, path, text)).error?.issues ?? []
  return issues.map((issue) => issue.path.join('.'))
}

async function sendWith({ operationId, part, path }: Field, account: Account, text: string) {
  const request = await prepareRequest(operationOf(operationId), account)
  if (part === 'body') return send({ ...request, body: withText(request.body, path, text) })
  const url = new URL(request.path, 'http://localhost')
  url.searchParams.set(path[0] ?? '', text)
  return send({ ...request, path: `${url.pathname}${url.search}`.slice(1) })
}

describe('text on a single line', () => {
  it('is in every field of a request, except for those listed', () => {
    expect(BIDI_CONTROLS).toHaveLength(12)
    const names = FIELDS.map(({ operationId, name }) => `${operationId} ${name}`)
    expect(names).toEqual(expect.arrayContaining(OTHER_TEXTS))
    for (const name of ['createUser name', 'updateTicket add_tags.0', 'uploadAttachment filename', 'listTickets tag'])
      expect(names).toContain(name)
  })

  it.each(VALIDATED)('rejects each bidi control: $operationId $name', (field) => {
    for (const control of BIDI_CONTROLS)
      expect(rejectedFields(field, `a${control}b@example.com`), control).toContainEqual(
        expect.stringMatching(`^${field.path[0]}`),
      )
  })

  it.each(VALIDATED)('rejects text without a visible character: $operationId $name', (field) => {
    for (const blank of BLANKS)
      expect(rejectedFields(field, blank.repeat(3)), blank).toContainEqual(expect.stringMatching(`^${field.path[0]}`))
  })

  it.each(
    SINGLE_LINE.map((field, index) => ({ ...field, control: BIDI_CONTROLS[index % BIDI_CONTROLS.length] ?? '' })),
  )('returns 400: $operationId $name', async (field) => {
    const response = await sendWith(field, await createTestAccount(), `report${field.control}gpj.exe`)
    const rejected = response.body.error.details.map((detail: { field: string }) => detail.field).join('\n')
    expect([response.status, rejected]).toEqual([400, expect.stringContaining(field.name.replace('.*', ''))])
  })

  it.each([
    ['Support\u202e', 'Name must not contain characters that change the direction of text'],
    ['\u200b\u3164', 'Name must contain a visible character'],
    [' \u00a0', 'Name must not be empty'],
  ])('says what is wrong with %j', async (name, message) => {
    const { admin } = await createTestAccount()
    const response = await call('PATCH', 'users/me', { token: admin.token, body: { name } })
    expect(response.body.error.details.map((detail: { message: string }) => detail.message)).toEqual([message])
  })

  it.each(['שלום', 'مرحبا بالعالم', '👩‍👩‍👧', '\u0301', 'a\u200bb', 'می‌خواهم', '\u{1d173}x'])(
    'accepts %j',
    async (name) => {
      const { admin } = await createTestAccount()
      expect((await call('PATCH', 'users/me', { token: admin.token, body: { name } })).body.data?.name).toBe(name)
    },
  )
})

it('a password may consist of invisible characters only', async () => {
  const { admin } = await createTestAccount()
  const body = {
    name: 'New',
    email: `${crypto.randomUUID()}@example.com`,
    password: ' \u200b\u3164\u202e \u00ad\u2800 ',
  }
  expect((await call('POST', 'users', { token: admin.token, body })).status).toBe(201)
})

describe('the documented patterns', () => {
  const basic = charactersOf(/^[\0-\uffff]$/u)

  it.each(['', 'a'])('accept the same characters after "%s" as the service, up to U+FFFF', (before) => {
    const pattern = new RegExp(LINE_PATTERN, 'u')
    const differing = basic.filter((each) => pattern.test(before + each) !== (lineViolation(before + each) === null))
    expect(differing).toEqual([])
  })

  it('accept the same characters in file names, except for tabs, newlines and paths', () => {
    const pattern = new RegExp(FILENAME_PATTERN, 'u')
    const differing = basic.filter((each) => pattern.test(each) !== (lineViolation(each) === null))
    expect(differing.join('')).toBe('./\\')
  })
})
