import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createApp } from '../../src/app'
import { requestOf } from './api'
import type { SampleRequest } from './sample-requests'

export interface HeldRequest {
  /** Whether the Worker has stopped reading the body. */
  isCanceled(): boolean
  /** Sends the rest of the body. */
  finish(): Promise<Received>
  /** Does not send the rest of the body. */
  response(): Promise<Received>
}

interface Received {
  status: number
  headers: Headers
  body: { error?: { code: string; message: string } }
}

/** Returns once the Worker reads the body, so the caller has been verified and counted. */
export async function holdRequest(
  sample: SampleRequest,
  credential: string | null,
  key?: string,
): Promise<HeldRequest> {
  const text = typeof sample.body === 'string' ? sample.body : (JSON.stringify(sample.body) ?? '')
  const bytes = new TextEncoder().encode(text)
  let isCanceled = false
  const reading = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const body = new ReadableStream({
    type: 'bytes',
    cancel() {
      isCanceled = true
    },
    async pull(controller) {
      reading.resolve()
      await released.promise
      if (bytes.length > 0) controller.enqueue(bytes)
      controller.close()
      controller.byobRequest?.respond(0)
    },
  })
  const headers = {
    ...sample.headers,
    ...(key !== undefined && { 'Idempotency-Key': key }),
    ...(sample.path.includes('/attachments?') && { 'Content-Length': String(bytes.length) }),
  }
  const request = requestOf(sample.method, sample.path, {
    ...(credential !== null && { token: credential }),
    ...(sample.ipAddress !== undefined && { address: sample.ipAddress }),
    headers,
    body,
  })
  const context = createExecutionContext()
  const response = Promise.resolve(createApp().fetch(request, { ...env, ...sample.variables }, context))
  const rejected = response.then(async (early) => {
    throw new Error(`refused before its body was read: ${early.status} ${await early.clone().text()}`)
  })
  await Promise.race([reading.promise, rejected])
  rejected.catch(() => undefined)
  return {
    isCanceled: () => isCanceled,
    response: () => received(response),
    async finish() {
      released.resolve()
      const sent = await received(response)
      await waitOnExecutionContext(context)
      return sent
    },
  }
}

async function received(response: Promise<Response>): Promise<Received> {
  const { status, headers } = await response
  const text = await (await response).text()
  return { status, headers, body: text === '' ? {} : JSON.parse(text) }
}
