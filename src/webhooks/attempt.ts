import { version } from '../../package.json'
import type { Config } from '../core/config'
import { type EventRow, presentEvent } from '../events/service'
import { classifyEdgeError, classifyFetchError, type DeliveryError } from './delivery-error'
import type { DueDelivery } from './lease.queries'
import { readRetryAfter } from './retry-schedule'
import { signatureHeaders } from './signing'
import { targetUrlProblem } from './ssrf-guard'

const USER_AGENT = `Ticketing-API/${version} (webhooks)`
const MAX_RESPONSE_BYTES = 1_024
const SUCCESS = { from: 200, to: 299 }

interface Target {
  url: string
  /** Null if they cannot be decrypted. */
  secrets: readonly string[] | null
}

export interface AttemptResult {
  /** When it began (ms). */
  at: number
  durationMs: number
  succeeded: boolean
  statusCode: number | null
  failure: DeliveryError | null
  /** The first KiB of the body. */
  response: string | null
  /** In milliseconds. */
  retryAfter: number | null
}

/**
 * Sends one request. Checks the URL again, does not follow redirects, and times out with the response incomplete. Never
 * throws.
 */
export async function attemptDelivery(config: Config, target: Target, delivery: DueDelivery): Promise<AttemptResult> {
  const at = Date.now()
  const outcome = await send(config, target, delivery, at)
  const succeeded =
    outcome.failure === null &&
    outcome.statusCode !== null &&
    outcome.statusCode >= SUCCESS.from &&
    outcome.statusCode <= SUCCESS.to
  return { at, durationMs: Date.now() - at, succeeded, ...outcome }
}

type Outcome = Pick<AttemptResult, 'statusCode' | 'failure' | 'response' | 'retryAfter'>

function failed(failure: DeliveryError): Outcome {
  return { statusCode: null, failure, response: null, retryAfter: null }
}

async function send(config: Config, { url, secrets }: Target, delivery: DueDelivery, at: number): Promise<Outcome> {
  const { allowPrivate, timeoutMs } = config.webhooks
  const ownOrigins = config.publicOrigin === null ? [] : [config.publicOrigin]
  if (targetUrlProblem(url, { allowPrivate, ownOrigins }) !== null) return failed('address')
  if (secrets === null) return failed('secret')
  const event = eventOf(delivery)
  if (event === null) return failed('expired')
  const body = bodyOf(event)
  if (body === null) return failed('event')
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      signal: timeout,
      body,
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': USER_AGENT,
        ...signatureHeaders(secrets, event.id, at, body),
      },
    })
    const retryAfter = readRetryAfter(response.headers.get('Retry-After'), Date.now())
    const { text, failure } = await readPrefix(response, url)
    return {
      statusCode: response.status,
      failure: failure ?? classifyEdgeError(response, text),
      response: text,
      retryAfter,
    }
  } catch (error) {
    return failed(await classifyFetchError(error, url))
  }
}

function eventOf({ sequence, id, type, data, created_at }: DueDelivery): EventRow | null {
  if (id === null || type === null || data === null || created_at === null) return null
  return { sequence, id, type, data, created_at }
}

/** The same for every attempt. Null if the event cannot be rendered. */
function bodyOf(event: EventRow): string | null {
  try {
    return JSON.stringify(presentEvent(event))
  } catch {
    return null
  }
}

/** The first KiB of the body, as far as it arrived, and the error that interrupted it. */
async function readPrefix(response: Response, url: string): Promise<{ text: string; failure: DeliveryError | null }> {
  const reader = response.body?.getReader()
  if (!reader) return { text: '', failure: null }
  const chunks: Uint8Array[] = []
  const text = () => Buffer.concat(chunks).subarray(0, MAX_RESPONSE_BYTES).toString()
  try {
    for (let bytes = 0; bytes < MAX_RESPONSE_BYTES; ) {
      const { value, done } = await reader.read()
      if (done) return { text: text(), failure: null }
      chunks.push(value)
      bytes += value.byteLength
    }
    return { text: text(), failure: null }
  } catch (error) {
    return { text: text(), failure: await classifyFetchError(error, url) }
  } finally {
    reader.cancel().catch(() => undefined)
  }
}
