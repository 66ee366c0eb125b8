import { beforeAll, describe, expect, it } from 'vitest'
import { type Account, createTestAccount, createTicket } from '../helpers/api'
import { errorLinks } from '../helpers/errors'
import { callAs, createComment, patchTicket } from '../helpers/tickets'

const CREATED = JSON.parse(`{"data": {"id": "ticket124", "title": "Cannot export reports",
  "description": "The export button doesn't work when I try to export monthly reports",
  "status": "open", "priority": "medium",
  "created_at": "2025-05-04T14:25:00Z", "updated_at": "2025-05-04T14:25:00Z",
  "created_by": {"id": "user456", "name": "Jane Smith", "email": "jane@example.com"},
  "assigned_to": null, "tags": ["reports", "export"],
  "custom_fields": {"browser": "Firefox 102.0", "os": "MacOS 13.4"}}}`)

const UPDATED = JSON.parse(`{"data": {"id": "ticket123", "title": "Cannot access customer dashboard",
  "description": "I'm getting a 404 error when trying to access the dashboard",
  "status": "in_progress", "priority": "high",
  "created_at": "2025-05-01T09:30:00Z", "updated_at": "2025-05-04T15:10:00Z",
  "created_by": {"id": "user456", "name": "Jane Smith", "email": "jane@example.com"},
  "assigned_to": {"id": "agent789", "name": "Support Agent", "email": "agent@example.com"},
  "tags": ["dashboard", "access", "error"]}}`)

const LISTED = JSON.parse(`{"data": [{"id": "ticket123", "title": "Cannot access customer dashboard",
  "description": "I'm getting a 404 error when trying to access the dashboard",
  "status": "open", "priority": "high",
  "created_at": "2025-05-01T09:30:00Z", "updated_at": "2025-05-01T09:30:00Z",
  "created_by": {"id": "user456", "name": "Jane Smith", "email": "jane@example.com"},
  "assigned_to": {"id": "agent789", "name": "Support Agent", "email": "agent@example.com"},
  "tags": ["dashboard", "access", "error"]}],
  "pagination": {"total": 243, "per_page": 20, "current_page": 1, "last_page": 13,
    "next_page_url": "/api/v1/tickets?page=2", "prev_page_url": null}}`)

const GOT = JSON.parse(`{"data": {"id": "ticket123", "title": "Cannot access customer dashboard",
  "description": "I'm getting a 404 error when trying to access the dashboard",
  "status": "open", "priority": "high",
  "created_at": "2025-05-01T09:30:00Z", "updated_at": "2025-05-01T09:30:00Z",
  "created_by": {"id": "user456", "name": "Jane Smith", "email": "jane@example.com"},
  "assigned_to": {"id": "agent789", "name": "Support Agent", "email": "agent@example.com"},
  "tags": ["dashboard", "access", "error"],
  "comments": [
    {"id": "comment123", "content": "I've tried clearing my browser cache but still having the issue.",
      "created_at": "2025-05-01T10:15:00Z",
      "created_by": {"id": "user456", "name": "Jane Smith", "email": "jane@example.com"}, "is_internal": false},
    {"id": "comment124", "content": "Looking into this issue. Could be related to the recent deployment.",
      "created_at": "2025-05-01T10:30:00Z",
      "created_by": {"id": "agent789", "name": "Support Agent", "email": "agent@example.com"}, "is_internal": true}],
  "attachments": [{"id": "attach123", "filename": "error_screenshot.png", "size": 258940, "mime_type": "image/png",
    "url": "https://api.example.com/files/error_screenshot.png", "created_at": "2025-05-01T09:30:00Z"}],
  "custom_fields": {"browser": "Chrome 112.0", "os": "Windows 11", "product_area": "Dashboard"}}}`)

const COMMENTED =
  JSON.parse(`{"data": {"id": "comment125", "content": "I've checked the server logs and found the issue.",
  "created_at": "2025-05-04T16:05:00Z",
  "created_by": {"id": "agent789", "name": "Support Agent", "email": "agent@example.com"},
  "is_internal": true,
  "attachments": [{"id": "attach124", "filename": "server_logs.txt", "size": 15240, "mime_type": "text/plain",
    "url": "https://api.example.com/files/server_logs.txt", "created_at": "2025-05-04T16:05:00Z"}]}}`)

const REJECTED = JSON.parse(`{"error": {"code": "invalid_input", "message": "The request data is invalid",
  "details": [{"field": "priority", "message": "Priority must be one of: low, medium, high, critical"}]}}`)

/** Distinguishes times from other strings. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)) return 'time'
  return typeof value
}

function expectShape(actual: unknown, expected: unknown, path = 'answer'): void {
  expect(`${path}: ${kindOf(actual)}`).toBe(`${path}: ${kindOf(expected)}`)
  if (typeof expected !== 'object' || expected === null) return
  const inner = new Map(Object.entries(actual ?? {}))
  for (const [key, value] of Object.entries(expected)) {
    expect([...inner.keys()], path).toContain(key)
    expectShape(inner.get(key), value, `${path}.${key}`)
  }
}

let account: Account

beforeAll(async () => {
  account = await createTestAccount()
})

describe('the shapes of the reference', () => {
  const { id: _id, created_at: _at, updated_at: _later, created_by: _by, ...withoutIds } = CREATED.data

  it('POST /tickets: each key and type; each value that was sent', async () => {
    const { title, description, priority, tags, custom_fields } = CREATED.data
    const attachments = [{ filename: 'error_log.txt', content: 'YWJj', mime_type: 'text/plain' }]
    const body = { title, description, priority, tags, custom_fields, attachments }
    const response = await callAs(account.customer, 'POST', 'tickets', body)
    expect(response.status).toBe(201)
    expectShape(response.body, CREATED)
    expect(response.body.data).toMatchObject(withoutIds)
    expect(Object.keys(response.body)).toEqual(['data'])
  })

  it('PATCH, GET, the list and a comment: each key and type', async () => {
    const { agent, customer } = account
    const { title, description, priority, tags, custom_fields } = GOT.data
    const png = { filename: 'error_screenshot.png', content: 'YWJj', mime_type: 'image/png' }
    const ticket = await createTicket(customer, {
      title,
      description,
      priority,
      tags,
      custom_fields,
      attachments: [png],
    })
    const body = { status: 'in_progress', priority: 'high', assigned_to: agent.id }
    expectShape({ data: await patchTicket(agent, ticket.id, body) }, UPDATED)

    await createComment(customer, ticket.id, { content: GOT.data.comments[0].content })
    await createComment(agent, ticket.id, { content: GOT.data.comments[1].content, is_internal: true })
    const got = await callAs(agent, 'GET', `tickets/${ticket.id}`)
    expectShape(got.body, GOT)
    const { is_internal: first } = got.body.data.comments[0]
    const { is_internal: second } = got.body.data.comments[1]
    expect([first, second]).toEqual([false, true])
    expect(got.body.data).toMatchObject({ title, description, tags, custom_fields })

    for (let i = 0; i < 2; i += 1) await createTicket(agent, { assigned_to: agent.id, tags })
    const listed = await callAs(agent, 'GET', `tickets?assigned_to=${agent.id}&per_page=1`)
    expectShape(listed.body, LISTED)
    for (const key of ['custom_fields', 'comments', 'attachments']) expect(listed.body.data[0]).not.toHaveProperty(key)

    const logs = { filename: 'server_logs.txt', content: 'YWJj', mime_type: 'text/plain' }
    const comment = { content: COMMENTED.data.content, is_internal: true, attachments: [logs] }
    const made = await callAs(agent, 'POST', `tickets/${ticket.id}/comments`, comment)
    expect(made.status).toBe(201)
    expectShape(made.body, COMMENTED)
    const comments = await callAs(agent, 'GET', `tickets/${ticket.id}/comments?page=3&per_page=1`)
    expectShape(comments.body.data[0], COMMENTED.data)
  })

  it('an error: the very answer', async () => {
    const body = { title: 'A', description: 'B', priority: 'urgent' }
    const response = await callAs(account.customer, 'POST', 'tickets', body)
    const details = [{ ...REJECTED.error.details[0], code: 'invalid_value' }]
    const error = { ...REJECTED.error, details, ...errorLinks('invalid_input', response) }
    expect([response.status, response.body]).toEqual([400, { error }])
  })

  it('DELETE: 204 without a body', async () => {
    const { id } = await createTicket(account.agent)
    const response = await callAs(account.agent, 'DELETE', `tickets/${id}`)
    expect([response.status, response.text]).toEqual([204, ''])
  })
})
