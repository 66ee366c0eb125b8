import { beforeAll, describe, expect, it } from 'vitest'
import { tickets } from '../../src/db/schema/tickets'
import { sql } from '../../src/db/sql'
import { select } from '../../src/db/statement'
import { type Account, call, createTestAccount, createTestMember, createTicket, type Member } from '../helpers/api'
import { rows } from '../helpers/database'
import { detailWith } from '../helpers/messages'
import { callAs, detailsOf, eventsOf } from '../helpers/tickets'

let account: Account
let by: Member

beforeAll(async () => {
  account = await createTestAccount()
  by = await createTestMember(account.id, 'customer')
})

const VALID = { title: 'A title', description: 'A text' }
const create = (input: Record<string, unknown>) => callAs(by, 'POST', 'tickets', { ...VALID, ...input })
const many = <T>(count: number, create: (index: number) => T) => Array.from({ length: count }, (_, i) => create(i))
const fields = (count: number, value: unknown = 'x') => Object.fromEntries(many(count, (i) => [`key_${i}`, value]))

/** Values that are returned unchanged. */
const UNCHANGED: [name: string, input: Record<string, unknown>][] = [
  ['a title of 200 characters', { title: 'x'.repeat(200) }],
  ['a title of 200 emoji', { title: '😀'.repeat(200) }],
  ['a description of 65,536 bytes', { description: 'x'.repeat(65_536) }],
  ['a description of 16,384 emoji, which are 65,536 bytes', { description: '😀'.repeat(16_384) }],
  ['a description with white space around and newlines in it', { description: '  \n\ta\r\nb \n' }],
  ['text with syntax of other layers', { description: `<script>alert(1)</script> '; DROP TABLE tickets; -- %00 \\0` }],
  ['text of every script', { title: 'ÅÄÖ é e\u0301 ДЖ 日本語 עברית 👩‍👩‍👧 \u{10ffff}' }],
  ['20 tags of 50 characters', { tags: many(20, (i) => `${'é'.repeat(47)}${i + 100}`) }],
  ['50 custom fields', { custom_fields: fields(50) }],
  ['custom fields of each kind', { custom_fields: { a: '', b: -1.5, c: 0, d: true, e: false, f: 1e21, g: 'null' } }],
  ['names of 64 allowed characters', { custom_fields: { [`A-z_0.${'x'.repeat(58)}`]: 1 } }],
  ['names of object members', { custom_fields: { constructor: 'a', toString: 'b', hasOwnProperty: true } }],
  ['values of 1,000 emoji', { custom_fields: { long: '😀'.repeat(1_000) } }],
  ['no tags and no custom fields', { tags: [], custom_fields: {} }],
  ['each priority', { priority: 'critical' }],
]

describe('the accepted values of POST /tickets', () => {
  it.each(UNCHANGED)('%s', async (_name, input) => {
    const response = await create(input)
    expect(response.status, response.text).toBe(201)
    expect(response.body.data).toMatchObject(input)
    const again = await callAs(by, 'GET', `tickets/${response.body.data.id}`)
    expect(again.body.data).toMatchObject(input)
  })

  it('trims titles and tags, and keeps each tag once in the order given', async () => {
    const ticket = await createTicket(by, { title: `\t ${'x'.repeat(200)} \n`, tags: ['b', ' a ', 'b', 'a', 'B'] })
    expect(ticket.title).toBe('x'.repeat(200))
    expect(ticket.tags).toEqual(['b', 'a', 'B'])
  })

  it('fills in omitted fields, and emits one event with all fields', async () => {
    const ticket = await createTicket(by)
    expect(ticket).toMatchObject({ status: 'open', priority: 'medium', assigned_to: null, tags: [], custom_fields: {} })
    expect(ticket).toMatchObject({ attachments: [], version: 1, updated_at: ticket.created_at })
    expect(ticket.id).toMatch(/^ticket_[0-9a-z]{26}$/)
    const [event, ...others] = await eventsOf(account.id, ticket.id)
    expect(others).toEqual([])
    expect(event).toMatchObject({
      type: 'ticket.created',
      is_internal: 0,
      data: { ticket: { id: ticket.id, title: 'A title', created_by_id: by.id, version: 1 }, attachments: [] },
    })
  })
})

const REJECTED: [name: string, input: Record<string, unknown>, field: string, message: string][] = [
  ['title', { title: 'x'.repeat(201) }, 'title', 'Title must be at most 200 characters'],
  ['emoji', { title: '😀'.repeat(201) }, 'title', 'Title must be at most 200 characters'],
  ['no title', { title: undefined }, 'title', 'Title is required'],
  ['blank title', { title: ' \n ' }, 'title', 'Title must not be empty'],
  ['title null', { title: null }, 'title', 'Title must be a string'],
  ['title number', { title: 1 }, 'title', 'Title must be a string'],
  ['NUL', { title: 'a\0b' }, 'title', 'Title must not contain control characters or invalid Unicode'],
  [
    'escape',
    { description: '\u001b[31m' },
    'description',
    'Description must not contain control characters or invalid Unicode',
  ],
  [
    'surrogate',
    { description: 'a\ud800' },
    'description',
    'Description must not contain control characters or invalid Unicode',
  ],
  ['no description', { description: undefined }, 'description', 'Description is required'],
  ['empty', { description: '' }, 'description', 'Description must not be empty'],
  ['65,537 bytes', { description: 'x'.repeat(65_537) }, 'description', 'Description must be at most 65,536 bytes'],
  [
    'emoji bytes',
    { description: `${'😀'.repeat(16_384)}x` },
    'description',
    'Description must be at most 65,536 bytes',
  ],
  ['priority', { priority: 'urgent' }, 'priority', 'Priority must be one of: low, medium, high, critical'],
  ['priority null', { priority: null }, 'priority', 'Priority must be one of: low, medium, high, critical'],
  ['21 tags', { tags: many(21, String) }, 'tags', 'Tags must have at most 20 items'],
  ['tag', { tags: ['a', 'x'.repeat(51)] }, 'tags.1', 'tags.1 must be at most 50 characters'],
  ['empty tag', { tags: [' '] }, 'tags.0', 'tags.0 must not be empty'],
  ['tags text', { tags: 'a,b' }, 'tags', 'Tags must be an array'],
  ['51 fields', { custom_fields: fields(51) }, 'custom_fields', 'custom_fields must have at most 50 fields'],
  ['fields list', { custom_fields: [] }, 'custom_fields', 'custom_fields must be an object'],
  ['fields null', { custom_fields: null }, 'custom_fields', 'custom_fields must be an object'],
  ['id', { id: 'ticket_mine' }, 'id', 'ID is not a known field'],
  ['created_at', { created_at: '2020-01-01T00:00:00Z' }, 'created_at', 'created_at is not a known field'],
  ['account_id', { account_id: 'acct_x' }, 'account_id', 'account_id is not a known field'],
  ['version', { version: 7 }, 'version', 'Version is not a known field'],
  ['number', { number: 7 }, 'number', 'Number is not a known field'],
  ['constructor', { constructor: {} }, 'constructor', 'Constructor is not a known field'],
  ['stauts', { stauts: 'open' }, 'stauts', 'Stauts is not a known field'],
]

describe('the rejected values of POST /tickets (S10)', () => {
  it.each(REJECTED)('%s', async (_name, input, field, message) => {
    const response = await create(input)
    expect(detailsOf(response, 400, 'invalid_input')).toEqual([detailWith(field, message)])
  })

  const NAME_RULE = 'is not a valid name: use 1 to 64 letters, digits, dots, hyphens or underscores'
  const VALUE_RULE = 'must be a string of at most 1,000 characters, a number or a boolean'
  it.each([
    ['"__proto__": "x"', '__proto__', NAME_RULE, 'invalid_format'],
    ['"": "x"', '', NAME_RULE, 'invalid_format'],
    ['"a b": 1', 'a b', NAME_RULE, 'invalid_format'],
    ['"é": 1', 'é', NAME_RULE, 'invalid_format'],
    [`"${'k'.repeat(65)}": 1`, 'k'.repeat(65), NAME_RULE, 'invalid_format'],
    ['"a": null', 'a', VALUE_RULE, 'invalid_type'],
    ['"a": {"b": 1}', 'a', VALUE_RULE, 'invalid_type'],
    ['"a": [1]', 'a', VALUE_RULE, 'invalid_type'],
    [
      '"a": 1e999',
      'a',
      'must be a number that a double can hold without changing its value; send longer numbers as a string',
      'invalid_value',
    ],
    [`"a": "${'x'.repeat(1_001)}"`, 'a', VALUE_RULE, 'too_long'],
    ['"a": "\\u0000"', 'a', VALUE_RULE, 'invalid_format'],
  ])('S10 custom fields {%s}', async (json, key, rule, code) => {
    const body = `{"title": "A", "description": "B", "custom_fields": {${json}}}`
    const [detail, ...others] = detailsOf(
      await call('POST', 'tickets', { token: by.token, body }),
      400,
      'invalid_input',
    )
    expect(others).toEqual([])
    expect(detail?.field).toBe(`custom_fields.${key}`.slice(0, 100))
    expect(detail?.code).toBe(code)
    expect(detail?.message).toMatch(/^\S/)
    expect(detail?.message.endsWith(` ${rule}`)).toBe(true)
  })

  it('S10 __proto__ with other fields, which is a normal name in JSON', async () => {
    const body = '{"title": "A", "description": "B", "__proto__": {"status": "closed"}}'
    const response = await call('POST', 'tickets', { token: by.token, body })
    expect(detailsOf(response, 400, 'invalid_input').map((detail) => detail.field)).toEqual(['__proto__'])
  })

  it('are reported together', async () => {
    const response = await create({
      title: '',
      priority: 'x',
      tags: [1, ''],
      custom_fields: { a: null },
      colour: 'red',
    })
    const found = detailsOf(response, 400, 'invalid_input').map((detail) => detail.field)
    expect(found.sort()).toEqual(['colour', 'custom_fields.a', 'priority', 'tags.0', 'tags.1', 'title'])
    expect(response.body.error.message).toBe('The request data is invalid')
  })

  it('S10 returns 50 details for 1,000 unknown fields, the last of which counts the rest', async () => {
    const found = detailsOf(await create(fields(1_000)), 400, 'invalid_input')
    expect(found).toHaveLength(50)
    expect(found.at(-1)?.message).toBe('951 more problems are not listed')
  })

  it.each(['', '{', 'null', '[]', '"x"', '1', '\ufeff{"title": "A", "description": "B"}', '{"title": "A",}'])(
    'a body that is not an object: %j',
    async (body) => {
      detailsOf(await call('POST', 'tickets', { token: by.token, body }), 400, 'invalid_input')
    },
  )

  it('leave nothing', async () => {
    const own = await createTestAccount()
    for (const [, input] of REJECTED.slice(0, 8)) await callAs(own.agent, 'POST', 'tickets', { ...VALID, ...input })
    expect(await rows(select({ id: tickets.id }, sql`FROM ${tickets} WHERE ${tickets.accountId} = ${own.id}`))).toEqual(
      [],
    )
    expect(await eventsOf(own.id)).toEqual([])
    expect((await createTicket(own.agent)).number).toBe(1)
  })
})
