import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Received, type Receiver, startReceiver } from '../../scripts/listen/receiver.ts'
import { checkSignature } from '../../scripts/listen/signature.ts'
import type { Api } from '../helpers/node/api.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { STATUS_CHANGED } from '../helpers/node/reference.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'
import { logInAs, read, subscribe, subscribeReceiver, waitForDelivery } from '../helpers/node/webhooks.ts'

const state = preparedState()
const SOON_MS = 10_000

let server: RunningServer
let admin: Api
let agent: Api

beforeAll(async () => {
  const variables = { WEBHOOK_RETRY_SCHEDULE: '2,2', WEBHOOK_TIMEOUT_MS: '3000' }
  server = await startServer(await freePort(), state.folder, { variables })
  admin = await logInAs(server.origin, 'john@example.com')
  agent = await logInAs(server.origin, 'agent@example.com')
})

afterAll(async () => {
  await server.stop()
  state.remove()
})

function createTicket(title: string) {
  return agent.post('/tickets', { title, description: 'Third floor', tags: ['printer'] })
}

function signatureByHand({ headers, body }: Received, secret: string): string {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const prefix = `${headers['webhook-id']}.${headers['webhook-timestamp']}.`
  return `v1,${createHmac('sha256', key).update(prefix).update(body).digest('base64')}`
}

describe('what a webhook receives', () => {
  it('W02 is signed as Standard Webhooks says, over the bytes as they are', async () => {
    const { receiver, secret } = await subscribeReceiver(admin, ['ticket.created'])
    await createTicket('Drucker brennt é😀')
    const request = await receiver.waitFor(({ body }) => body.includes('é😀'), SOON_MS)
    await receiver.close()

    expect(request).toMatchObject({ method: 'POST', path: '/', attempt: 1 })
    expect(request.headers).toMatchObject({ 'content-type': 'application/json' })
    expect(request.headers['user-agent']).toMatch(/^Ticketing-API\/\d+\.\d+\.\d+/)
    expect(read(request).id).toBe(read(request).json.id)
    expect(checkSignature(request, secret)).toEqual({ isValid: true })
    expect(read(request).signature.split(' ')).toContain(signatureByHand(request, secret))

    const { body, headers } = request
    const changedByte = Buffer.from(body)
    changedByte.writeUInt8(body.readUInt8(body.length - 10) ^ 1, body.length - 10)
    const later = String(Number(read(request).timestamp) + 1)
    for (const changed of [
      { headers, body: changedByte },
      { headers: { ...headers, 'webhook-id': `${headers['webhook-id']}a` }, body },
      { headers: { ...headers, 'webhook-timestamp': later }, body },
    ])
      expect(checkSignature(changed, secret)).toEqual({ isValid: false, reason: 'No matching signature found' })
  })

  it("W03 is the reference's ticket.status_changed, key for key", async () => {
    const { receiver } = await subscribeReceiver(admin, ['ticket.status_changed'])
    await agent.send('PATCH', '/tickets/ticket123', { status: 'in_progress' })
    const { json } = read(await receiver.waitFor(() => true, SOON_MS))
    await receiver.close()

    expect(json).toEqual({
      ...STATUS_CHANGED,
      id: expect.stringMatching(/^evt_/),
      sequence: expect.any(Number),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    })
  })

  it('W05 comes again until it is taken: the same event, the same bytes, a new timestamp', async () => {
    const { id, secret, receiver } = await subscribeReceiver(admin, ['comment.created'], [500, 500, 200])
    await agent.post('/tickets/ticket123/comments', { content: 'Twice in vain: é😀' })
    await receiver.waitFor(({ attempt }) => attempt === 3, 2 * SOON_MS)
    const delivery = await waitForDelivery(admin, id, ({ status }) => status !== 'pending')
    await receiver.close()

    const { received } = receiver
    expect(delivery).toMatchObject({ status: 'succeeded', attempt_count: 3 })
    expect(received.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(new Set(received.map((request) => read(request).id)).size).toBe(1)
    expect(new Set(received.map(({ body }) => body.toString('hex'))).size).toBe(1)
    expect(new Set(received.map((request) => read(request).timestamp)).size).toBe(3)
    expect(received.map((request) => checkSignature(request, secret))).toEqual(Array(3).fill({ isValid: true }))
    const gaps = received.slice(1).map(({ at }, index) => at - (received[index]?.at ?? 0))
    for (const gap of gaps) expect(gap).toBeGreaterThan(1_500)
  })

  it('W06, W08, W09 does not wait for a subscriber that fails, and fails in the end where it goes on failing', async () => {
    const elsewhere = await startReceiver(0, () => ({ status: 204 }))
    const closed = await startReceiver(0, () => ({ status: 204 }))
    await closed.close()
    const failing: [address: string | Receiver, error: string][] = [
      [closed.url, 'connect'],
      [await startReceiver(0, () => ({ status: 307, headers: { Location: elsewhere.url } })), 'status'],
      [await startReceiver(0, () => (response) => void response.socket?.destroy()), 'reset'],
      [await startReceiver(0, () => () => undefined), 'timeout'],
      [await startReceiver(0, () => ({ status: 500, body: 'x'.repeat(50_000_000) })), 'status'],
    ]
    const urlOf = (address: string | Receiver) => (typeof address === 'string' ? address : address.url)
    const webhooks = await Promise.all(
      failing.map(async ([address, error]) => ({
        error,
        webhook: await subscribe(admin, urlOf(address), ['ticket.created']),
      })),
    )
    const { receiver } = await subscribeReceiver(admin, ['ticket.created'])

    await createTicket('Wanted by many')
    await receiver.waitFor(({ body }) => body.includes('Wanted by many'), 2_500)
    for (const { webhook, error } of webhooks) {
      const delivery = await waitForDelivery(admin, webhook.id, ({ status }) => status === 'failed')
      expect(delivery).toMatchObject({ last_error: error, attempt_count: 3 })
    }
    expect(elsewhere.received).toEqual([])
    const receivers = failing.flatMap(([address]) => (typeof address === 'string' ? [] : [address]))
    await Promise.all([...receivers, elsewhere, receiver].map((one) => one.close()))
  })
})
