/** Used in Node and in the Workers runtime, so it imports from neither. */

/** In the order of preference of a zone on the Free plan: "Compression methods by plan" on the page of `COMPRESSED_TYPES`. */
const ENCODINGS = ['zstd', 'br', 'gzip'] as const
export type Encoding = (typeof ENCODINGS)[number]

/**
 * https://developers.cloudflare.com/speed/optimization/content/compression/ lists them. `application/x-ndjson`, `text/csv`
 * and `application/octet-stream` are not listed.
 */
const COMPRESSED_TYPES = new Set([
  ...[
    'html',
    'richtext',
    'plain',
    'css',
    'x-script',
    'x-component',
    'x-java-source',
    'x-markdown',
    'javascript',
    'js',
  ].map((name) => `text/${name}`),
  ...['text/xml', 'image/x-icon', 'image/vnd.microsoft.icon', 'image/svg+xml', 'multipart/bag', 'multipart/mixed'],
  ...[
    'javascript',
    'x-javascript',
    'x-perl',
    'x-httpd-cgi',
    'xml',
    'rss+xml',
    'vnd.api+json',
    'x-protobuf',
    'json',
  ].map((name) => `application/${name}`),
  ...['xhtml+xml', 'vnd.ms-fontobject', 'wasm', 'javascript-binast', 'manifest+json', 'ld+json', 'graphql+json'].map(
    (name) => `application/${name}`,
  ),
  ...['geo+json', 'ttf', 'x-ttf', 'otf', 'x-otf', 'truetype', 'opentype', 'x-opentype', 'font-woff', 'eot', 'font'].map(
    (name) => `application/${name}`,
  ),
  ...['application/font-sfnt', 'font/ttf', 'font/otf', 'font/x-woff'],
])

/** "For responses with error status codes …" on the same page. */
const COMPRESSED_STATUSES = new Set([200, 403, 404])

/** "Minimum response size for compression" on the same page. */
const MIN_BYTES: Record<Encoding, number> = { gzip: 48, br: 50, zstd: 50 }

export interface OriginResponse {
  status: number
  header(name: string): string | null
  /** Null for a body of unknown length. */
  bytes: number | null
}

/** The encoding in which Cloudflare sends a response to a client; null if it sends it as it is. */
export function encodingFor(acceptEncoding: string | null, response: OriginResponse): Encoding | null {
  const { status, header, bytes } = response
  const type = header('Content-Type')?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!COMPRESSED_STATUSES.has(status) || !COMPRESSED_TYPES.has(type) || header('Content-Encoding') !== null)
    return null
  if (header('Cache-Control')?.toLowerCase().includes('no-transform')) return null
  const accepted = acceptedEncodings(acceptEncoding ?? '')
  return ENCODINGS.find((encoding) => accepted(encoding) && (bytes === null || bytes >= MIN_BYTES[encoding])) ?? null
}

/** RFC 9110, 12.5.3. */
function acceptedEncodings(acceptEncoding: string): (encoding: Encoding) => boolean {
  const weights = new Map(
    acceptEncoding.split(',').map((part) => {
      const [name = '', ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/)
      const weight = parameters.find((parameter) => parameter.startsWith('q='))
      return [name, weight === undefined ? 1 : Number(weight.slice(2))]
    }),
  )
  return (encoding) => (weights.get(encoding) ?? weights.get('*') ?? 0) > 0
}

/**
 * The headers that Cloudflare changes in a response that it compresses; null removes one.
 * https://developers.cloudflare.com/speed/optimization/content/compression/#content-length-header-handling and
 * https://developers.cloudflare.com/cache/reference/etag-headers/ ("Respect Strong ETags disabled").
 */
export function headersOfCompressed(encoding: Encoding, etag: string | null): Record<string, string | null> {
  return {
    'Content-Encoding': encoding,
    'Content-Length': null,
    ...(etag !== null && { ETag: weakened(etag) }),
  }
}

/** Null for a tag that is not in quotes: "Important remarks" on the page about entity tags. */
function weakened(etag: string): string | null {
  if (etag.startsWith('W/')) return etag
  return /^".*"$/.test(etag) ? `W/${etag}` : null
}
