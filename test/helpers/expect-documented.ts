import type { z } from '@hono/zod-openapi'
import { expect } from 'vitest'
import { PREFIXES } from '../../src/app'
import { ERROR_CATALOGUE } from '../../src/http/openapi/error-catalogue'
import { NDJSON } from '../../src/http/openapi/responses'
import type { ErrorBody } from '../../src/http/schemas/error'
import { faultsOf } from './json-schema'
import { codesOf, isKnownMessage } from './messages'
import {
  type Header,
  type MediaType,
  type NamedOperation,
  OPERATIONS,
  openapi,
  type Response,
  resolved,
} from './openapi'

/** Headers that the introduction of the document describes, and those of HTTP itself. */
const COMMON_HEADERS = new Set([
  'access-control-expose-headers',
  'content-length',
  'content-security-policy',
  'content-type',
  'cross-origin-resource-policy',
  'referrer-policy',
  'strict-transport-security',
  'x-content-type-options',
  'x-frame-options',
])

/** Responses to unknown paths and methods. */
const UNROUTED: Record<number, Response | undefined> = {
  404: openapi.components.responses.NotFound,
  405: openapi.components.responses.MethodNotAllowed,
}

/** Paths with fewer parameters first, like the router. */
const ROUTES = OPERATIONS.map((operation) => ({
  operation,
  isRoot: 'servers' in (openapi.paths[operation.path] ?? {}),
  pattern: new RegExp(`^${operation.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
})).toSorted((a, b) => placeholders(a.operation) - placeholders(b.operation))

function placeholders({ path }: NamedOperation): number {
  return path.split('{').length
}

interface ReceivedResponse {
  status: number
  headers: Headers
  /** Parsed JSON, or text. */
  body: unknown
}

/**
 * Fails unless the document describes the status, headers, media type and body, without additional keys. Ignores
 * preflights and the documentation pages, which are not operations.
 */
export function expectDocumented(method: string, url: string, received: ReceivedResponse): void {
  const pathname = asRouted(new URL(url).pathname)
  if (method === 'OPTIONS' || (/^\/(docs(\/.*)?|llms(-full)?\.txt)?$/.test(pathname) && received.status < 400)) return
  const name = `${method} ${pathname} ${received.status}`
  const operation = operationOf(method, pathname)
  const expectedResponse = operation ? operation.responses[received.status] : UNROUTED[received.status]
  if (!expectedResponse) throw new Error(`${name} is not documented`)
  const response = resolved<Response>(expectedResponse)
  const isCounted = operation !== undefined || prefixOf(pathname) !== undefined
  expect(headerFaults(received.headers, response, isCounted), name).toEqual([])
  expect(bodyFaults(method, received, response), `${name}: ${String(received.body).slice(0, 200)}`).toEqual([])
}

/** Decoded like the router's paths; unchanged if it cannot be decoded. */
function asRouted(pathname: string): string {
  try {
    return decodeURI(pathname)
  } catch {
    return pathname
  }
}

function prefixOf(pathname: string): string | undefined {
  return PREFIXES.find((prefix) => pathname.startsWith(`${prefix}/`))
}

function operationOf(method: string, pathname: string): NamedOperation | undefined {
  const prefix = prefixOf(pathname)
  const path = prefix ? pathname.slice(prefix.length) : pathname
  const sought = method === 'HEAD' ? 'GET' : method
  return ROUTES.find(
    ({ operation, isRoot, pattern }) =>
      operation.method === sought && isRoot === (prefix === undefined) && pattern.test(path),
  )?.operation
}

function headerFaults(headers: Headers, response: Response, isCounted: boolean): string[] {
  const documented = Object.entries(response.headers).map(([name, header]) => [name, resolved<Header>(header)] as const)
  const names = new Set(documented.map(([name]) => name.toLowerCase()))
  const undocumented = [...headers.keys()].filter((name) => !names.has(name) && !COMMON_HEADERS.has(name))
  const wrong = documented.flatMap(([name, { required, schema }]) => {
    const value = headers.get(name)
    if (value === null) return required && (isCounted || !/ratelimit/i.test(name)) ? [`${name} is missing`] : []
    return faultsOf(schema.type === 'integer' ? Number(value) : value, schema).map((fault) => `${name}: ${fault}`)
  })
  return [...undocumented.map((name) => `${name} is not documented`), ...wrong]
}

function bodyFaults(method: string, { status, headers, body }: ReceivedResponse, response: Response): string[] {
  const type = headers.get('Content-Type')?.split(';')[0] ?? ''
  if (!response.content || method === 'HEAD') return body === '' ? [] : ['there is a body']
  const media = response.content[type]
  if (!media) return [`${type || 'no media type'} is not documented`]
  if (media.schema.format === 'binary') return []
  if (type === NDJSON) return lineFaults(body, media)
  const faults = faultsOf(body, media.schema)
  return status >= 400 && faults.length === 0 ? errorFaults(status, headers, body) : faults
}

/** The last line, and only that, contains the cursor. */
function lineFaults(body: unknown, { schema }: MediaType): string[] {
  const lines = String(body)
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
  const ends = lines.flatMap((line, index) => ('next_cursor' in line ? [index] : []))
  const line = schema.contentSchema as MediaType['schema']
  expect(ends).toEqual([lines.length - 1])
  return lines.flatMap((value) => faultsOf(value, line))
}

type ErrorResponse = z.infer<typeof ErrorBody>

/** The schema has the codes of details. A code has one status. A failed health check has no error. */
function errorFaults(status: number, headers: Headers, body: unknown): string[] {
  const { error } = body as Partial<ErrorResponse>
  if (!error) return []
  const expected = ERROR_CATALOGUE[error.code].example().status
  return [
    ...(expected === status ? [] : [`${error.code} is of ${expected}`]),
    ...(error.request_id === headers.get('X-Request-Id') ? [] : ['request_id is not that of the header']),
    ...(error.documentation_url.endsWith(`/docs/guides/errors#${error.code}`) ? [] : [error.documentation_url]),
    ...(isKnownMessage(error.code, error.message) ? [] : [`${error.message} is not in messages.ts`]),
    ...error.details.flatMap(({ message, code }) =>
      codesOf(message).includes(code) ? [] : [`${message} is not a message of ${code} in messages.ts`],
    ),
  ]
}
