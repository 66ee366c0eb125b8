import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** RFC 9110, 7.6.1. `Transfer-Encoding` stays in requests, so that a chunked body arrives chunked. */
const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade']

/** Set by the edge, whatever a client sends: https://developers.cloudflare.com/fundamentals/reference/http-headers/ */
const OVERWRITTEN = [
  'accept-encoding',
  'cf-connecting-ip',
  'cf-ray',
  'cf-visitor',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-real-ip',
]

/** "Removed response headers" on the same page. */
const REMOVED = ['x-accel-buffering', 'x-accel-charset', 'x-accel-limit-rate', 'x-accel-redirect']

type HeaderList = [name: string, value: string][]

/** Like `230b030023ae2822-SJC`: https://developers.cloudflare.com/fundamentals/reference/cloudflare-ray-id/ */
export function newRayId(): string {
  return `${randomBytes(8).toString('hex')}-SJC`
}

/** The headers that the Worker receives. */
export function toOrigin(request: IncomingMessage, rayId: string): string[] {
  const address = ipAddressOf(request)
  const forwardedFor = request.headers['x-forwarded-for']
  const added: HeaderList = [
    // The local runtime compresses for a client that accepts it, without changing tags. The Worker sees `br, gzip`, as in production.
    ['Accept-Encoding', 'identity'],
    ['CF-Connecting-IP', address],
    ['CF-Ray', rayId],
    ['CF-Visitor', '{"scheme":"http"}'],
    ['X-Forwarded-For', forwardedFor === undefined ? address : `${forwardedFor},${address}`],
    ['X-Forwarded-Proto', 'http'],
    ...emptyBody(request),
  ]
  return without(pairsOf(request), [...HOP_BY_HOP, ...OVERWRITTEN])
    .concat(added)
    .flat()
}

/** The headers that the client receives. A change replaces a header, or removes it if it is null. */
export function toClient(response: IncomingMessage, changes: Record<string, string | null>): string[] {
  const replaced = Object.keys(changes).map((name) => name.toLowerCase())
  const kept = without(pairsOf(response), [...HOP_BY_HOP, ...REMOVED, ...replaced, 'transfer-encoding'])
  const added = Object.entries(changes).filter((change): change is [string, string] => change[1] !== null)
  return kept.concat(added).flat()
}

/** Without a length, Node would send the empty body of a POST chunked. */
function emptyBody({ method, headers }: IncomingMessage): HeaderList {
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined
  return hasBody || method === 'GET' || method === 'HEAD' ? [] : [['Content-Length', '0']]
}

function ipAddressOf({ socket }: IncomingMessage): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}

function pairsOf({ rawHeaders }: IncomingMessage): HeaderList {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? '']] : []))
}

function without(headers: HeaderList, names: readonly string[]): HeaderList {
  return headers.filter(([name]) => !names.includes(name.toLowerCase()))
}
