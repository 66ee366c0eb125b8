import { connect } from 'cloudflare:sockets'

/**
 * Why an attempt has no good answer: what became of the connection, or why none was made. An address that may not be
 * sent to, a secret or an event that can't be read, an event that is kept no longer.
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

const PROBE_MS = 2_000

/**
 * What a `fetch` that threw ran into. The runtime words refused and reset connections alike, and unknown names and bad
 * certificates: whether a connection can be opened tells them apart.
 */
export async function classifyFetchError(error: unknown, url: string): Promise<DeliveryError> {
  const { name, message } = error instanceof Error ? error : { name: '', message: '' }
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout'
  const { protocol, hostname, port } = new URL(url)
  const isLost = message.includes('connection lost')
  if (!isLost && protocol === 'http:') return 'dns'
  const opens = await canOpen(hostname, Number(port || (protocol === 'https:' ? 443 : 80)))
  if (isLost) return opens ? 'reset' : 'connect'
  return opens ? 'tls' : 'dns'
}

async function canOpen(hostname: string, port: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), PROBE_MS)
  })
  try {
    const socket = connect({ hostname, port })
    socket.closed.catch(() => undefined)
    const opened = socket.opened.then(
      () => true,
      () => false,
    )
    return await Promise.race([opened, late]).finally(() => socket.close().catch(() => undefined))
  } catch {
    return false
  } finally {
    clearTimeout(timer)
  }
}
