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

/**
 * By the code of the error page that Cloudflare, in production, returns in place of the subscriber:
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/
 */
const EDGE_ERRORS = new Map<string | undefined, DeliveryError>([
  ['520', 'reset'],
  ['521', 'connect'],
  ['522', 'connect'],
  ['523', 'connect'],
  ['524', 'timeout'],
  ['525', 'tls'],
  ['526', 'tls'],
  ['1001', 'dns'],
  ['1016', 'dns'],
])

/** Status of an error page whose body has another code. */
const HOST_NOT_RESOLVED = '530'

/** As text, as JSON, or in the title of an HTML page. */
const EDGE_CODE = /^error code: (\d+)\s*$|"error_code":\s*(\d+)|<title>[^<]*\b(52\d|1001|1016)\b[^<]*<\/title>/

/** The error that Cloudflare reports for the subscriber; null if the response is the subscriber's own. `text` is its beginning. */
export function classifyEdgeError(response: Pick<Response, 'status' | 'headers'>, text: string): DeliveryError | null {
  const status = String(response.status)
  if (status !== HOST_NOT_RESOLVED && !EDGE_ERRORS.has(status)) return null
  const type = response.headers.get('cf-error-type')
  if (type === '52x') return EDGE_ERRORS.get(status) ?? null
  const code = type ?? EDGE_CODE.exec(text)?.slice(1).find(Boolean)
  return code === status || status === HOST_NOT_RESOLVED ? (EDGE_ERRORS.get(code) ?? null) : null
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
