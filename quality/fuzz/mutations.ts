import fc, { type Arbitrary } from 'fast-check'
import type { JsonSchema, NamedOperation } from '../../test/helpers/openapi'
import { OPERATIONS } from '../../test/helpers/openapi'
import { addressOf, type Draft, refusalOf } from './generated-request'
import { actorsFor, inText, isRaw, jsonSchemaOf, type Parameter, parametersOf, requestsOf } from './requests'
import { STRANGE } from './texts'
import { isName, isValid, isWrong } from './values'
import { wrongValueOf, wrongValuesOf } from './wrong-values'

/** A request that the document does not allow, and the statuses one of which it must be answered with. */
export interface Mutated {
  why: string
  draft: Draft
  statuses: number[]
}

interface Change {
  why: string
  /** One of these, for whoever is let in. */
  statuses: number[]
  /** Whether it leads to no operation at all, where nobody is asked who they are. */
  isUnrouted?: boolean
  change: Arbitrary<(draft: Draft) => Draft>
}

/** Requests of an operation with something wrong in them, by everybody: one arbitrary for each thing that can be wrong. */
export function mutationsOf(operation: NamedOperation): Arbitrary<Mutated>[] {
  const changes = [
    ...bodies(operation),
    ...queries(operation),
    ...headers(operation),
    ...paths(operation),
    ...methods(operation),
  ]
  // Who is not let in is told that, and nothing of what else is wrong.
  const right = requestsOf(operation, actorsFor(operation, 30))
  return changes.map(({ why, statuses, isUnrouted, change }) =>
    fc.tuple(right, change).map(([draft, apply]) => {
      const mutated = apply(draft)
      const refusal = isUnrouted ? null : refusalOf(operation, mutated.by)
      return { why, draft: mutated, statuses: refusal === null ? statuses : [refusal] }
    }),
  )
}

function bodies(operation: NamedOperation): Change[] {
  const schema = jsonSchemaOf(operation)
  if (schema) return [...ofJson(schema), ...ofJsonBytes()]
  if (isRaw(operation)) return ofRaw()
  if (operation.method === 'GET') return []
  const json = fc.jsonValue({ maxDepth: 1 }).filter((value) => !/^\s*(\{\})?\s*$/.test(JSON.stringify(value)))
  return [
    {
      why: 'a body where none is read',
      statuses: [400],
      change: json.map((value) => (draft) => ({ ...draft, json: value })),
    },
  ]
}

function ofJson(schema: JsonSchema): Change[] {
  return wrongValuesOf(schema).map((wrong) => ({
    why: 'a wrong body',
    statuses: [400],
    change: wrong.map((json) => (draft) => ({ ...draft, json })),
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

function ofJsonBytes(): Change[] {
  const asText = ({ json: _, ...draft }: Draft, text: string): Draft => ({
    ...draft,
    text,
    headers: { ...draft.headers, 'Content-Type': 'application/json' },
  })
  return [
    {
      why: 'a body that is no JSON',
      statuses: [400],
      change: fc.constantFrom(...NOT_JSON).map((text) => (draft) => asText(draft, text)),
    },
    {
      why: 'a body that is cut off',
      statuses: [400],
      change: fc
        .nat()
        .map(
          (at) => (draft) => asText(draft, JSON.stringify(draft.json).slice(0, at % JSON.stringify(draft.json).length)),
        ),
    },
    {
      why: 'a body that is no UTF-8',
      statuses: [400],
      change: fc
        .constantFrom([0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80])
        .map((broken) => ({ json, ...draft }) => ({
          ...draft,
          bytes: [...Buffer.from(`${JSON.stringify(json).slice(0, -1)},"a":"`), ...broken, ...Buffer.from('"}')],
          headers: { ...draft.headers, 'Content-Type': 'application/json' },
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

function ofRaw(): Change[] {
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

function queries(operation: NamedOperation): Change[] {
  // What is asked for by machines and browsers alone passes over what it does not know.
  if (!('400' in operation.responses)) return []
  const parameters = parametersOf(operation, 'query')
  const known = new Set(parameters.map(({ name }) => name))
  const surplus = [
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
  const unknown = fc.constantFrom(...surplus.filter((name) => !known.has(name)))
  const required = parameters.filter((parameter) => parameter.required)
  return [
    {
      why: 'an unknown parameter',
      statuses: [400],
      change: unknown.map((name) => (draft) => ({ ...draft, query: [...draft.query, [name, '1']] })),
    },
    ...parameters.flatMap((parameter) => ofParameter(parameter)),
    ...required.map(({ name }) => ({
      why: `no ${name}`,
      statuses: [400],
      change: fc.constant((draft: Draft) => ({ ...draft, query: draft.query.filter(([given]) => given !== name) })),
    })),
  ]
}

/** A signature that is wrong in any way is not good. */
const SIGNED = new Set(['expires', 'signature'])

function ofParameter(parameter: Parameter): Change[] {
  const { name, schema } = parameter
  const set =
    (...values: string[]) =>
    (draft: Draft): Draft => ({
      ...draft,
      query: [
        ...draft.query.filter(([given]) => given !== name),
        ...values.map((value): [string, string] => [name, value]),
      ],
    })
  const texts = fc.oneof(
    wrongValueOf(schema, name).map(inText),
    fc.constantFrom(...STRANGE, '', ' ', '0x10', ' 5 ', '1e3', '+1', '١', '1.0', '01'),
  )
  return [
    {
      why: `a wrong ${name}`,
      statuses: SIGNED.has(name) ? [400, 403] : [400],
      change: texts
        .filter((text) => text.isWellFormed() && !isName(text) && isWrongText(text, schema))
        .map((text) => set(text)),
    },
    { why: `${name} twice`, statuses: [400], change: fc.constant((draft: Draft) => set(...twice(draft, name))(draft)) },
  ]
}

function twice({ query }: Draft, name: string): [string, string] {
  const given = query.find(([each]) => each === name)?.[1] ?? '1'
  return [given, given]
}

/** Whether a schema refuses what a text of a query stands for. */
function isWrongText(text: string, schema: JsonSchema): boolean {
  if (schema.type === 'array') return !isValid(text.split(','), schema)
  if (schema.type === 'integer') return !/^\d{1,15}$/.test(text) || !isValid(Number(text), schema)
  return isWrong(text, schema)
}

/** Headers that a server passes over where they make no sense, as HTTP or the document says. */
const PASSED_OVER = new Set(['X-Request-Id', 'X-D1-Bookmark', 'If-Match', 'If-None-Match', 'If-Range', 'Range'])

function headers(operation: NamedOperation): Change[] {
  const strict = parametersOf(operation, 'header').filter(({ name }) => !PASSED_OVER.has(name))
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
      ? [{ ...two, change: two.change.map((apply) => (draft: Draft) => apply({ ...draft, by: 'admin' })) }]
      : []),
  ]
}

function withHeader(name: string, value: string) {
  return (draft: Draft): Draft => ({ ...draft, headers: { ...draft.headers, [name]: value } })
}

/** Encoded as they stand in a path. No thing has such an ID, so that it is not found, whatever else is right. */
const NO_IDS = [
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

function paths(operation: NamedOperation): Change[] {
  const names = parametersOf(operation, 'path').flatMap(({ name }) => (name.endsWith('_id') ? [name] : []))
  if (names.length === 0) return []
  const change = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...NO_IDS)).map(
    ([name, id]) =>
      (draft: Draft): Draft => ({ ...draft, path: pathWith(operation, name, id) }),
  )
  const cut = fc.constantFrom(...names).map(
    (name) =>
      (draft: Draft): Draft => ({ ...draft, path: pathWith(operation, name, '') }),
  )
  // The body may be wrong in a way that no schema tells, or hold what only some may change: that is looked at first, as a signature is.
  const others = jsonSchemaOf(operation) ? [400, 403] : operation.security.length === 0 ? [403] : []
  return [
    { why: 'an ID of nothing', statuses: [404, ...others], change },
    { why: 'a path without an ID', statuses: [404], isUnrouted: true, change: cut },
  ]
}

function pathWith(operation: NamedOperation, name: string, id: string): string {
  return addressOf(operation)
    .replace(`{${name}}`, id)
    .replace('{filename}', 'f')
    .replace(/\{(\w+)\}/g, '__$1__')
}

/** Methods that no operation of a path has. */
function methods(operation: NamedOperation): Change[] {
  const here = new RegExp(`^${operation.path.replace(/\{\w+\}/g, '[^/]+')}$`)
  const there = OPERATIONS.filter(
    ({ path }) => here.test(path) || new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`).test(operation.path),
  )
  const known = new Set(there.map(({ method }) => method))
  const others = ['PUT', 'POST', 'PATCH', 'DELETE', 'MKCOL'].filter((method) => !known.has(method))
  const change = fc.constantFrom(...others).map(
    (method) =>
      (draft: Draft): Draft => ({ ...draft, method }),
  )
  return [{ why: 'a method that the path has not', statuses: [405], isUnrouted: true, change }]
}
