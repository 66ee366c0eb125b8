import { expect } from 'vitest'
import { PREFIXES } from '../../src/app'
import { ERROR_CATALOGUE } from '../../src/http/openapi/error-catalogue'
import { NDJSON } from '../../src/http/openapi/responses'
import { faultsOf } from './json-schema'
import {
  type Header,
  type MediaType,
  type NamedOperation,
  OPERATIONS,
  openapi,
  type Response,
  resolved,
} from './openapi'

/** What the introduction of the document says of every answer, and what HTTP itself gives one. */
const OF_EVERY_ANSWER = new Set([
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

/** The answers to what is no operation: a path or a method that is not there. */
const UNROUTED: Record<number, Response | undefined> = {
  404: openapi.components.responses.NotFound,
  405: openapi.components.responses.MethodNotAllowed,
}

/** Those with fewer placeholders first, as the router takes them. */
const ROUTES = OPERATIONS.map((operation) => ({
  operation,
  isRoot: 'servers' in (openapi.paths[operation.path] ?? {}),
  pattern: new RegExp(`^${operation.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
})).toSorted((a, b) => placeholders(a.operation) - placeholders(b.operation))

function placeholders({ path }: NamedOperation): number {
  return path.split('{').length
}

interface Told {
  status: number
  headers: Headers
  /** JSON as it was parsed, all else as text. */
  body: unknown
}

/**
 * Fails unless an answer is one that the document tells of: its status, its headers, its media type, and its body by the
 * schema, without a key more. Preflights are no operations, and the page at /docs and its files are for people.
 */
export function expectDocumented(method: string, url: string, answer: Told): void {
  const pathname = asRouted(new URL(url).pathname)
  if (method === 'OPTIONS' || (/^\/(docs(\/.*)?)?$/.test(pathname) && answer.status < 400)) return
  const name = `${method} ${pathname} ${answer.status}`
  const operation = operationOf(method, pathname)
  const told = operation ? operation.responses[answer.status] : UNROUTED[answer.status]
  if (!told) throw new Error(`${name} is not documented`)
  const response = resolved<Response>(told)
  const isCounted = operation !== undefined || prefixOf(pathname) !== undefined
  expect(headerFaults(answer.headers, response, isCounted), name).toEqual([])
  expect(bodyFaults(method, answer, response), `${name}: ${String(answer.body).slice(0, 200)}`).toEqual([])
}

/** As the router takes a path: decoded, or as it came where it can not be. */
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
  const surplus = [...headers.keys()].filter((name) => !names.has(name) && !OF_EVERY_ANSWER.has(name))
  const wrong = documented.flatMap(([name, { required, schema }]) => {
    const value = headers.get(name)
    if (value === null) return required && (isCounted || !/ratelimit/i.test(name)) ? [`${name} is missing`] : []
    return faultsOf(schema.type === 'integer' ? Number(value) : value, schema).map((fault) => `${name}: ${fault}`)
  })
  return [...surplus.map((name) => `${name} is not documented`), ...wrong]
}

function bodyFaults(method: string, { status, headers, body }: Told, response: Response): string[] {
  const type = headers.get('Content-Type')?.split(';')[0] ?? ''
  if (!response.content || method === 'HEAD') return body === '' ? [] : ['there is a body']
  const media = response.content[type]
  if (!media) return [`${type || 'no media type'} is not documented`]
  if (media.schema.format === 'binary') return []
  if (type === NDJSON) return lineFaults(body, media)
  const faults = faultsOf(body, media.schema)
  return status >= 400 && faults.length === 0 ? codeFaults(status, body) : faults
}

/** Each line by its schema; the last one, and no other, is where to go on from. */
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

/** A code has one status. A check of health fails without a code. */
function codeFaults(status: number, body: unknown): string[] {
  const { error } = body as { error?: { code: keyof typeof ERROR_CATALOGUE } }
  if (!error) return []
  const expected = ERROR_CATALOGUE[error.code].example.status
  return expected === status ? [] : [`${error.code} is of ${expected}`]
}
