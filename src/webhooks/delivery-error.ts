import { connect } from 'cloudflare:sockets'

/**
 * Why an attempt has no complete response: a network error, or why no request was made. `address`: the URL is not allowed.
 * `secret`: it cannot be decrypted. `event`: it cannot be rendered. `expired`: the event has been deleted.
 */
export const DELIVERY_ERRORS = [
  'timeout',
  'connect',
  'reset',
  'dns',
  'tls',
  'address',
  'secret',
  'event',
  'expired',
] as const
export type DeliveryError = (typeof DELIVERY_ERRORS)[number]

const PROBE_TIMEOUT_MS = 2_000

/**
 * The runtime has one message for refused and reset connections, and one for unknown names and invalid certificates. This
 * opens a connection to distinguish them.
 */
export async function classifyFetchError(error: unknown, url: string): Promise<DeliveryError> {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  const { protocol, hostname, port } = new URL(url)
  const isConnectionLost = message.includes('connection lost')
  if (!isConnectionLost && protocol === 'http:') return 'dns'
  const isReachable = await canConnect(hostname, Number(port || (protocol === 'https:' ? 443 : 80)))
  if (isConnectionLost) return isReachable ? 'reset' : 'connect'
  return isReachable ? 'tls' : 'dns'
}

async function canConnect(hostname: string, port: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_TIMEOUT_MS)
  })
  try {
    const socket = connect({ hostname, port })
    socket.closed.catch(() => undefined)
    const opened = socket.opened.then(
      () => true,
      () => false,
    )
    return await Promise.race([opened, timeout]).finally(() => socket.close().catch(() => undefined))
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
