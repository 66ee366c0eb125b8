import { once } from 'node:events'
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request as requestOrigin,
  type ServerResponse,
} from 'node:http'
import type { Socket } from 'node:net'
import { pipeline, type Transform } from 'node:stream'
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'
import { type Encoding, encodingFor, headersOfCompressed } from '../compression.ts'
import { newRayId, toClient, toOrigin } from './headers.ts'
import { errorPage, MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_URL_BYTES, refuse } from './limits.ts'

export interface Edge {
  origin: string
  /** Closes all connections, too. */
  close(): Promise<void>
}

/** Starts a proxy that changes and refuses requests and responses as Cloudflare does in front of a Worker. */
export async function startEdge(port: number, originPort: number): Promise<Edge> {
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: 0 }, (request, response) =>
    handle(request, response, originPort),
  )
  server.on('clientError', refuseConnection)
  server.listen(port)
  await once(server, 'listening')
  return {
    origin: `http://localhost:${port}`,
    close: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

/** For requests that Node cannot parse, or whose headers are too large. */
function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code !== 'HPE_HEADER_OVERFLOW') return void socket.destroy()
  const page = errorPage(431)
  const head = ['HTTP/1.1 431 Request Header Fields Too Large', 'Content-Type: text/html', 'Connection: close']
  socket.end([...head, `Content-Length: ${page.length}`, '', page].join('\r\n'))
}

function handle(request: IncomingMessage, response: ServerResponse, originPort: number): void {
  const rayId = newRayId()
  const { url = '', headers } = request
  if (Buffer.byteLength(url) > MAX_URL_BYTES) refuse(response, 414, rayId)
  else if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) refuse(response, 413, rayId)
  else forward(request, response, originPort, rayId)
}

function forward(request: IncomingMessage, response: ServerResponse, originPort: number, rayId: string): void {
  const origin = requestOrigin({
    host: 'localhost',
    port: originPort,
    method: request.method,
    path: request.url,
    headers: toOrigin(request, rayId),
    // A reused connection may be closed by the server in the meantime, which does not happen within Cloudflare.
    agent: false,
    maxHeaderSize: MAX_HEADER_BYTES,
  })
  // A Worker may respond before it has read the body: then the rest of the body is dropped.
  origin.on('error', () => (response.headersSent ? request.resume() : refuse(response, 502, rayId)))
  origin.on('response', (received) => passResponse(request, received, response, rayId))
  response.on('close', () => origin.destroy())
  sendBody(request, origin, () => refuse(response, 413, rayId))
}

/** A body of unknown length is only refused once it is too large. */
function sendBody(request: IncomingMessage, origin: ClientRequest, refuseBody: () => void): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) return
    request.unpipe(origin)
    origin.destroy()
    refuseBody()
    request.resume()
  })
  request.pipe(origin)
}

function passResponse(request: IncomingMessage, received: IncomingMessage, response: ServerResponse, rayId: string) {
  const encoding = encodingOf(request, received)
  const etag = received.headers.etag ?? null
  const changes = { 'CF-Ray': rayId, ...(encoding && headersOfCompressed(encoding, etag)) }
  response.sendDate = false
  response.writeHead(received.statusCode ?? 502, received.statusMessage ?? '', toClient(received, changes))
  response.flushHeaders()
  // An incomplete response must not look complete: `pipeline` destroys the connection.
  const end = () => undefined
  if (encoding === null) pipeline(received, response, end)
  else pipeline(received, COMPRESSORS[encoding](), response, end)
}

/** A response without a body has nothing to compress. */
function encodingOf(request: IncomingMessage, received: IncomingMessage): Encoding | null {
  if (request.method === 'HEAD') return null
  const length = received.headers['content-length']
  return encodingFor(request.headers['accept-encoding']?.toString() ?? null, {
    status: received.statusCode ?? 0,
    header: (name) => received.headers[name.toLowerCase()]?.toString() ?? null,
    bytes: length === undefined ? null : Number(length),
  })
}

/** They pass on each piece as it arrives. */
const COMPRESSORS: Record<Encoding, () => Transform> = {
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH }),
  br: () => createBrotliCompress({ flush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: () => createZstdCompress({ flush: constants.ZSTD_e_flush }),
}
