import { callDurableObject } from '../access/call-durable-object'
import { rateLimiterOf } from '../access/objects'
import type { Bindings } from '../core/config'
import { logFailure } from '../core/log'
import { MINUTE, SECOND } from '../lib/time'

/** Ten deliveries per minute to an endpoint that has never succeeded. */
const PROBE_INTERVAL = MINUTE / 10
/** To all endpoints of a host that have never succeeded, of all accounts. */
const PROBES_PER_HOST = 60

interface Probe {
  isRefused: boolean
  /** When (ms) the next delivery to the endpoint may begin. */
  nextAt: number
}

/**
 * Counts a delivery to an endpoint that has never succeeded: nothing shows yet that its host wants deliveries. Never throws: a
 * delivery that cannot be counted is refused.
 */
export async function countProbe(
  env: Pick<Bindings, 'RATE_LIMITER' | 'OBJECT_JURISDICTION'>,
  url: string,
  now: number,
): Promise<Probe> {
  const nextAt = now + PROBE_INTERVAL
  try {
    const { admitted, resetAt } = await callDurableObject(() =>
      rateLimiterOf(env, `host:${receivingHost(url)}`).countUpTo(PROBES_PER_HOST),
    )
    return { isRefused: !admitted, nextAt: admitted ? nextAt : Math.max(nextAt, resetAt * SECOND) }
  } catch (error) {
    logFailure('count delivery', error)
    return { isRefused: true, nextAt }
  }
}

/** The parser normalizes a host except for a dot at its end. */
function receivingHost(url: string): string {
  return (URL.parse(url)?.hostname ?? '').replace(/\.$/, '')
}
