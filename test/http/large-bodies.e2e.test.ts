import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

const state = preparedState()
let server: RunningServer
let headers: Record<string, string>

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
  const response = await fetch(`${server.origin}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'ada@globex.example', password: 'your_password' }),
  })
  const { token } = z.object({ token: z.string() }).parse(await response.json())
  headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
})
afterAll(async () => {
  await server?.stop()
  state.remove()
})

/** 9.6 MB of JSON. */
const content = Buffer.alloc(7_200_000, 7).toString('base64')
const body = JSON.stringify({
  title: 'Large',
  description: 'Text',
  attachments: [{ filename: 'a.bin', content, mime_type: 'application/octet-stream' }],
})

async function post(signal?: AbortSignal): Promise<number> {
  const request = { method: 'POST', headers, body, ...(signal && { signal }) }
  const response = await fetch(`${server.origin}/api/v1/tickets`, request)
  await response.arrayBuffer()
  return response.status
}

it('stores twenty concurrent bodies of 9.6 MB or responds 503, and loses none', async () => {
  const total = async () => {
    const response = await fetch(`${server.origin}/api/v1/tickets/stats`, { headers })
    return z.object({ data: z.object({ total: z.number() }) }).parse(await response.json()).data.total
  }
  const before = await total()
  const statuses = await Promise.all(Array.from({ length: 20 }, () => post()))
  const created = statuses.filter((status) => status === 201).length
  expect(statuses.filter((status) => status !== 201 && status !== 503)).toEqual([])
  expect(created).toBeGreaterThan(1)
  expect((await total()) - before).toBe(created)
})

it('goes on after clients that disconnect at any moment', async () => {
  for (let delay = 0; delay < 400; delay += 25) {
    const controller = new AbortController()
    const aborted = post(controller.signal).catch(() => 0)
    await sleep(delay)
    controller.abort()
    await aborted
  }
  const started = Date.now()
  let status = 503
  while (status === 503 && Date.now() - started < 60_000) status = await post()
  expect(status).toBe(201)
})
