import fc, { type Arbitrary } from 'fast-check'
import type { JsonSchema, NamedOperation } from '../../test/helpers/openapi'
import { OPERATIONS } from '../../test/helpers/openapi'
import { fullPath, type GeneratedRequest, rejectionStatus } from './generated-request'
import { actorsFor, isRaw, jsonSchemaOf, type Parameter, parametersOf, requestsOf, toParameterText } from './requests'
import { UNUSUAL_TEXTS } from './texts'
import { isPlaceholder, isValid, isWrong } from './values'
import { wrongValueOf, wrongValuesOf } from './wrong-values'

export interface InvalidRequest {
  why: string
  request: GeneratedRequest
  statuses: number[]
}

interface RequestMutation {
  why: string
  statuses: number[]
  /** Not routed to an operation, so credentials are not checked. */
  isUnrouted?: boolean
  change: Arbitrary<(request: GeneratedRequest) => GeneratedRequest>
}

/** One arbitrary for each kind of fault, with requests of all actors. */
export function mutationsOf(operation: NamedOperation): Arbitrary<InvalidRequest>[] {
  const changes = [
    ...bodies(operation),
    ...queries(operation),
    ...headers(operation),
    ...paths(operation),
    ...methods(operation),
  ]
  // Actors without access get a 401 or 403 whatever else is wrong.
  const valid = requestsOf(operation, actorsFor(operation, 30))
  return changes.map(({ why, statuses, isUnrouted, change }) =>
    fc.tuple(valid, change).map(([request, apply]) => {
      const invalid = apply(request)
      const rejection = isUnrouted ? null : rejectionStatus(operation, invalid.actor)
      return { why, request: invalid, statuses: rejection === null ? statuses : [rejection] }
    }),
  )
}

function bodies(operation: NamedOperation): RequestMutation[] {
  const schema = jsonSchemaOf(operation)
  if (schema) return [...ofJson(schema), ...ofJsonBytes()]
  if (isRaw(operation)) return ofRaw()
  if (operation.method === 'GET') return []
  const json = fc.jsonValue({ maxDepth: 1 }).filter((value) => !/^\s*(\{\})?\s*$/.test(JSON.stringify(value)))
  return [
    {
      why: 'a body where none is read',
      statuses: [400],
      change: json.map((value) => (request) => ({ ...request, json: value })),
    },
  ]
}

function ofJson(schema: JsonSchema): RequestMutation[] {
  return wrongValuesOf(schema).map((wrong) => ({
    why: 'a wrong body',
    statuses: [400],
    change: wrong.map((json) => (request) => ({ ...request, json })),
  }))
}

const NOT_JSON = [
  '',
  '{',
  '{"a":1,}',
  "{'a':1}",
  '{"a":NaN}',
  'undefined',
  '[',
  '{"a":"\u0001"}',
  '\ufeff{}',
  '{}{}',
  '{"a":1} x',
  '--x\r\nContent-Dis',
]
const OTHER_TYPES = [
  '',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'application/jsonp',
  'json',
  'text/json',
  'application/json, text/plain',
  'application/xml',
]

function ofJsonBytes(): RequestMutation[] {
  const asText = ({ json: _, ...request }: GeneratedRequest, text: string): GeneratedRequest => ({
    ...request,
    text,
    headers: { ...request.headers, 'Content-Type': 'application/json' },
  })
  return [
    {
      why: 'a body that is no JSON',
      statuses: [400],
      change: fc.constantFrom(...NOT_JSON).map((text) => (request) => asText(request, text)),
    },
    {
      why: 'a body that is cut off',
      statuses: [400],
      change: fc
        .nat()
        .map(
          (at) => (request) =>
            asText(request, JSON.stringify(request.json).slice(0, at % JSON.stringify(request.json).length)),
        ),
    },
    {
      why: 'a body that is no UTF-8',
      statuses: [400],
      change: fc
        .constantFrom([0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80])
        .map((broken) => ({ json, ...request }) => ({
          ...request,
          bytes: [...Buffer.from(`${JSON.stringify(json).slice(0, -1)},"a":"`), ...broken, ...Buffer.from('"}')],
          headers: { ...request.headers, 'Content-Type': 'application/json' },
        })),
    },
    {
      why: 'a body of another type',
      statuses: [415],
      change: fc.constantFrom(...OTHER_TYPES).map((type) => withHeader('Content-Type', type)),
    },
    {
      why: 'a body that is too large',
      statuses: [413],
      change: fc.constant(withHeader('Content-Length', String(10 * 1024 * 1024 + 1))),
    },
  ]
}

function ofRaw(): RequestMutation[] {
  const types = fc.constantFrom('', 'text', '/', 'text/', '/plain', 'a b/c', `${'x'.repeat(65)}/y`, 'a/b/c')
  const lengths = fc.constantFrom('', '-1', '1e3', '0x10', '1.5', 'x')
  return [
    { why: 'a body of no type', statuses: [415], change: types.map((type) => withHeader('Content-Type', type)) },
    {
      why: 'a body of no length',
      statuses: [411],
      change: lengths.map((length) => withHeader('Content-Length', length)),
    },
    {
      why: 'a body that is too large',
      statuses: [413],
      change: fc.constant(withHeader('Content-Length', String(95 * 1024 * 1024 + 1))),
    },
  ]
}

function queries(operation: NamedOperation): RequestMutation[] {
  // Operations without a documented 400 ignore unknown parameters.
  if (!('400' in operation.responses)) return []
  const parameters = parametersOf(operation, 'query')
  const known = new Set(parameters.map(({ name }) => name))
  const unknownNames = [
    'x',
    'Page',
    'page ',
    'pages',
    '__proto__',
    'constructor',
    'id',
    '_',
    'é',
    'fields',
    'access_token',
    'account_id',
    'page[]',
  ]
  const unknown = fc.constantFrom(...unknownNames.filter((name) => !known.has(name)))
  const required = parameters.filter((parameter) => parameter.required)
  return [
    {
      why: 'an unknown parameter',
      statuses: [400],
      change: unknown.map((name) => (request) => ({ ...request, query: [...request.query, [name, '1']] })),
    },
    ...parameters.flatMap((parameter) => ofParameter(parameter)),
    ...required.map(({ name }) => ({
      why: `no ${name}`,
      statuses: [400],
      change: fc.constant((request: GeneratedRequest) => ({
        ...request,
        query: request.query.filter(([given]) => given !== name),
      })),
    })),
  ]
}

/** An invalid signature is a 403. */
const SIGNED = new Set(['expires', 'signature'])

function ofParameter(parameter: Parameter): RequestMutation[] {
  const { name, schema } = parameter
  const set =
    (...values: string[]) =>
    (request: GeneratedRequest): GeneratedRequest => ({
      ...request,
      query: [
        ...request.query.filter(([given]) => given !== name),
        ...values.map((value): [string, string] => [name, value]),
      ],
    })
  const texts = fc.oneof(
    wrongValueOf(schema, name).map(toParameterText),
    fc.constantFrom(...UNUSUAL_TEXTS, '', ' ', '0x10', ' 5 ', '1e3', '+1', '١', '1.0', '01'),
  )
  return [
    {
      why: `a wrong ${name}`,
      statuses: SIGNED.has(name) ? [400, 403] : [400],
      change: texts
        .filter((text) => text.isWellFormed() && !isPlaceholder(text) && isWrongText(text, schema))
        .map((text) => set(text)),
    },
    {
      why: `${name} twice`,
      statuses: [400],
      change: fc.constant((request: GeneratedRequest) => set(...twice(request, name))(request)),
    },
  ]
}

function twice({ query }: GeneratedRequest, name: string): [string, string] {
  const given = query.find(([each]) => each === name)?.[1] ?? '1'
  return [given, given]
}

function isWrongText(text: string, schema: JsonSchema): boolean {
  if (schema.type === 'array') return !isValid(text.split(','), schema)
  if (schema.type === 'integer') return !/^\d{1,15}$/.test(text) || !isValid(Number(text), schema)
  return isWrong(text, schema)
}

/** Headers whose invalid values are ignored, according to HTTP or the document. */
const IGNORED_HEADERS = new Set(['X-Request-Id', 'X-D1-Bookmark', 'If-Match', 'If-None-Match', 'If-Range', 'Range'])

function headers(operation: NamedOperation): RequestMutation[] {
  const strict = parametersOf(operation, 'header').filter(({ name }) => !IGNORED_HEADERS.has(name))
  const two = {
    why: 'two credentials',
    statuses: [400],
    change: fc.constant(withHeader('X-API-Key', 'tk_live_another')),
  }
  const takesOne = operation.security.length > 0
  return [
    ...strict.map(({ name, schema }) => ({
      why: `a wrong ${name}`,
      statuses: [400],
      change: fc
        .constantFrom('', 'x'.repeat(256), 'a\tb', 'x\u007f')
        .filter((value) => !isValid(value, schema))
        .map((value) => withHeader(name, value)),
    })),
    ...(takesOne
      ? [
          {
            ...two,
            change: two.change.map((apply) => (request: GeneratedRequest) => apply({ ...request, actor: 'admin' })),
          },
        ]
      : []),
  ]
}

function withHeader(name: string, value: string) {
  return (request: GeneratedRequest): GeneratedRequest => ({
    ...request,
    headers: { ...request.headers, [name]: value },
  })
}

/** URL-encoded. No resource has such an ID, so the response is 404. */
const INVALID_IDS = [
  '%00',
  '%ff',
  '%',
  '%2F',
  '..%2f..',
  '%20',
  'a%20b',
  "'",
  '%22',
  '*',
  'x'.repeat(65),
  'x'.repeat(2_000),
  '%E2%80%AE',
  '%F0%9F%98%80',
  '-1',
  '0',
  'null',
  'undefined',
  ';',
  '%0d%0a',
]

function paths(operation: NamedOperation): RequestMutation[] {
  const names = parametersOf(operation, 'path').flatMap(({ name }) => (name.endsWith('_id') ? [name] : []))
  if (names.length === 0) return []
  const change = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...INVALID_IDS)).map(
    ([name, id]) =>
      (request: GeneratedRequest): GeneratedRequest => ({ ...request, path: pathWith(operation, name, id) }),
  )
  const cut = fc.constantFrom(...names).map(
    (name) =>
      (request: GeneratedRequest): GeneratedRequest => ({ ...request, path: pathWith(operation, name, '') }),
  )
  // Rules that the schema cannot express, permissions for fields, and signatures are checked before the ID.
  const others = jsonSchemaOf(operation) ? [400, 403] : operation.security.length === 0 ? [403] : []
  return [
    { why: 'an ID of nothing', statuses: [404, ...others], change },
    { why: 'a path without an ID', statuses: [404], isUnrouted: true, change: cut },
  ]
}

function pathWith(operation: NamedOperation, name: string, id: string): string {
  return fullPath(operation)
    .replace(`{${name}}`, id)
    .replace('{filename}', 'f')
    .replace(/\{(\w+)\}/g, '__$1__')
}

function methods(operation: NamedOperation): RequestMutation[] {
  const ownPath = new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`)
  const samePath = OPERATIONS.filter(
    ({ path }) => ownPath.test(path) || new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(operation.path),
  )
  const known = new Set(samePath.map(({ method }) => method))
  const others = ['PUT', 'POST', 'PATCH', 'DELETE', 'MKCOL'].filter((method) => !known.has(method))
  const change = fc.constantFrom(...others).map(
    (method) =>
      (request: GeneratedRequest): GeneratedRequest => ({ ...request, method }),
  )
  return [{ why: 'a method that the path has not', statuses: [405], isUnrouted: true, change }]
}
