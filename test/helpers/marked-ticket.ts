import { expect } from 'vitest'
import { type Account, call, type Member, type TestResponse } from './api'

/** A unique word that no other text contains. Its last characters are unique too. */
export function newMarker(): string {
  return `zz${crypto.randomUUID().replaceAll('-', '')}`
}

/** A ticket with a unique word in each of its texts, and the requests that wrote them, each with an idempotency key. */
export interface MarkedTicket {
  id: string
  markers: string[]
  comments: { id: string; by: Member; markers: string[] }[]
  /** Sends the requests again. */
  replays: (() => Promise<TestResponse>)[]
}

const BASE64 = (text: string) => Buffer.from(text).toString('base64')

/** Writes every text of a ticket and of two comments with every route, and changes and deletes some of them. */
export async function createMarkedTicket({ admin, agent, customer }: Account): Promise<MarkedTicket> {
  const ticket: MarkedTicket = { id: '', markers: [], comments: [], replays: [] }
  const mark = (markers: string[]) => {
    const marker = newMarker()
    markers.push(marker)
    return marker
  }
  const file = (markers: string[]) => ({
    filename: `${mark(markers)}.txt`,
    content: BASE64(mark(markers)),
    mime_type: `application/${mark(markers)}`,
  })
  const fields = () => ({
    title: mark(ticket.markers),
    description: mark(ticket.markers),
    tags: [mark(ticket.markers)],
    custom_fields: { [mark(ticket.markers)]: mark(ticket.markers) },
  })
  const send = async (by: Member, method: string, path: string, body?: unknown, type?: string) => {
    const key = { 'Idempotency-Key': crypto.randomUUID(), ...(type !== undefined && { 'Content-Type': type }) }
    const request = () => call(method, path, { token: by.token, headers: key, ...(body !== undefined && { body }) })
    ticket.replays.push(request)
    const response = await request()
    expect(response.status, response.text).toBeLessThan(300)
    return response.body.data
  }

  const files = [file(ticket.markers), file(ticket.markers)]
  const created = await send(customer, 'POST', 'tickets', { ...fields(), attachments: files })
  ticket.id = created.id
  const path = `tickets/${ticket.id}`
  for (const by of [customer, agent]) {
    const markers: string[] = []
    const attachments = [file(markers), file(markers)]
    const comment = await send(by, 'POST', `${path}/comments`, { content: mark(markers), attachments })
    await send(admin, 'DELETE', `${path}/attachments/${comment.attachments[1].id}`)
    ticket.comments.push({ id: comment.id, by, markers })
  }
  const upload = `${path}/attachments?filename=${mark(ticket.markers)}`
  await send(agent, 'POST', upload, mark(ticket.markers), `text/${mark(ticket.markers)}`)
  await send(admin, 'DELETE', `${path}/attachments/${created.attachments[1].id}`)
  await send(agent, 'PATCH', path, { ...fields(), status: 'in_progress' })
  await send(agent, 'PATCH', path, { status: 'in_progress' })
  await send(agent, 'PATCH', path, { ...fields(), tags: undefined, add_tags: [mark(ticket.markers)] })
  return ticket
}
