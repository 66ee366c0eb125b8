import { version } from '../../package.json'
import type { Config } from '../core/config'
import { type EventRow, presentEvent } from '../events/service'
import { classifyFetchError, type DeliveryError } from './delivery-error'
import type { DueDelivery } from './lease.queries'
import { readRetryAfter } from './retry-schedule'
import { signatureHeaders } from './signing'
import { targetUrlProblem } from './ssrf-guard'

const USER_AGENT = `Ticketing-API/${version} (webhooks)`
const RESPONSE_BYTES = 1_024
const SUCCESS = { from: 200, to: 299 }

/** Where a delivery goes, and what signs it; null where the secrets can not be read. */
export interface Target {
  url: string
  secrets: readonly string[] | null
}

/** What came of one request. */
export interface AttemptResult {
  /** When it began (ms), and how long it took. */
  at: number
  durationMs: number
  succeeded: boolean
  statusCode: number | null
  failure: DeliveryError | null
  /** The first KiB of the answer. */
  response: string | null
  /** What the subscriber asked for, in milliseconds. */
  retryAfter: number | null
}

/**
 * Sends an event to a subscriber, once, and tells what came of it; it never throws. The address is checked again,
 * redirects are not followed, and the answer must be there within the configured time.
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
    const answer = await fetch(url, {
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
    const retryAfter = readRetryAfter(answer.headers.get('Retry-After'), Date.now())
    const { text, failure } = await readPrefix(answer, url)
    return { statusCode: answer.status, failure, response: text, retryAfter }
  } catch (error) {
    return failed(await classifyFetchError(error, url))
  }
}

function eventOf({ sequence, id, type, data, created_at }: DueDelivery): EventRow | null {
  if (id === null || type === null || data === null || created_at === null) return null
  return { sequence, id, type, data, created_at }
}

/** The body that is signed and sent: of one event it is the same on every attempt. Null where it can't be rendered. */
function bodyOf(event: EventRow): string | null {
  try {
    return JSON.stringify(presentEvent(event))
  } catch {
    return null
  }
}

/** The first KiB of an answer, as far as it came before the time was up, and what kept the rest from coming. */
async function readPrefix(answer: Response, url: string): Promise<{ text: string; failure: DeliveryError | null }> {
  const reader = answer.body?.getReader()
  if (!reader) return { text: '', failure: null }
  const chunks: Uint8Array[] = []
  const text = () => Buffer.concat(chunks).subarray(0, RESPONSE_BYTES).toString()
  try {
    for (let bytes = 0; bytes < RESPONSE_BYTES; ) {
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
