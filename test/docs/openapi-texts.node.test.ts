import { describe, expect, it } from 'vitest'
import { INSTANT_PATTERN } from '../../src/lib/time.ts'
import { anchorsOf, GUIDES } from '../helpers/node/guides.ts'
import { type JsonSchema, OPERATIONS, openapi, type Reference, resolved } from '../helpers/openapi'

/** What readers of the reference see: titles, descriptions, examples and their order. */

interface Documented {
  name: string
  /** A parameter, or the schema of a property. */
  described: JsonSchema
  schema: JsonSchema
}

interface Parameter extends JsonSchema {
  name: string
  in: string
  schema: JsonSchema
}

const isObject = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const WEBHOOKS = Object.entries(openapi.webhooks).map(([event, { post }]) => ({ ...post, event }))
const { schemas, headers } = openapi.components

/** All schemas with properties below a part of the document. Examples are data, with any keys. */
function propertiesIn(part: unknown, path: string): Documented[] {
  if (Array.isArray(part)) return part.flatMap((item, index) => propertiesIn(item, `${path}/${index}`))
  if (!isObject(part)) return []
  const own = 'properties' in part && part.type === 'object' && isObject(part.properties) ? part.properties : {}
  const properties = Object.entries(own).filter((entry): entry is [string, JsonSchema] => isObject(entry[1]))
  const below = Object.entries(part).filter(([key]) => key !== 'example' && key !== 'examples')
  return [
    ...properties.map(([key, schema]) => ({ name: `${path}.${key}`, described: schema, schema })),
    ...below.flatMap(([key, value]) => propertiesIn(value, `${path}/${key}`)),
  ]
}

const PROPERTIES = [
  ...propertiesIn(schemas, 'schemas'),
  ...OPERATIONS.flatMap(({ operationId, requestBody, responses }) =>
    propertiesIn([requestBody, responses], operationId),
  ),
]

const parametersOf = ({ parameters }: { parameters: (Parameter | Reference | object)[] }) =>
  parameters.map((parameter) => resolved<Parameter>(parameter as Parameter | Reference))

const PARAMETERS = [...OPERATIONS, ...WEBHOOKS].flatMap((operation) =>
  parametersOf(operation).map(
    (parameter): Documented => ({
      name: `${operation.operationId} ${parameter.name}`,
      described: parameter,
      schema: parameter.schema,
    }),
  ),
)

/** The schema itself, those that it refers to and, if `kinds` has them, its alternatives. */
function partsOf(schema: JsonSchema, kinds: readonly string[]): JsonSchema[] {
  const own = '$ref' in schema ? resolved<JsonSchema>(schema as JsonSchema & Reference) : schema
  const members = kinds.flatMap((kind) => (Array.isArray(own[kind]) ? own[kind] : [])).filter(isObject)
  return [
    schema,
    ...(own === schema ? [] : partsOf(own, kinds)),
    ...members.flatMap((member) => partsOf(member, kinds)),
  ]
}

const ALTERNATIVES = ['allOf', 'anyOf', 'oneOf']
const SCALARS = ['string', 'integer', 'number', 'boolean']

const isDescribed = (part: JsonSchema) =>
  partsOf(part, ['allOf']).some(({ description }) => typeof description === 'string' && description !== '')
const isScalar = (schema: JsonSchema) =>
  partsOf(schema, ALTERNATIVES).some(({ type }) => [type].flat().some((name) => SCALARS.includes(String(name))))
const hasExample = (schema: JsonSchema) =>
  partsOf(schema, ALTERNATIVES).some((part) => ['example', 'enum', 'const', 'default'].some((key) => key in part))
const takesDate = (schema: JsonSchema) => schema.pattern === INSTANT_PATTERN

const names = (documented: readonly Documented[]) => documented.map(({ name }) => name)

describe('the titles of the document', () => {
  it.each(OPERATIONS.map(({ operationId, summary }) => [operationId, summary]))(
    'name the operation in at most five words: %s',
    (_, summary) => {
      expect(summary).toMatch(/^[A-Z][A-Za-z]*( [A-Za-z]+){0,4}$/)
    },
  )

  it('are distinct', () => {
    const titles = OPERATIONS.map(({ summary }) => summary)
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([])
  })

  it('of webhooks are the names of the events', () => {
    expect(WEBHOOKS.map(({ summary }) => summary)).toEqual(WEBHOOKS.map(({ event }) => event))
  })

  it('of examples have at most five words', () => {
    const examples = OPERATIONS.flatMap(({ requestBody }) => Object.values(requestBody?.content ?? {}))
      .flatMap((media) => Object.values(media.examples ?? {}))
      .map((example) => resolved<{ summary: string; value: unknown }>(example).summary)
    expect(examples.length).toBeGreaterThan(30)
    expect(examples.filter((summary) => !/^[A-Z][\w-]*,?( [\w-]+,?){0,4}$/.test(summary))).toEqual([])
  })
})

describe('the descriptions of the document', () => {
  it.each(OPERATIONS.map(({ operationId, description = '' }) => [operationId, description]))(
    'begin with the effect of the operation: %s',
    (_, description) => {
      expect(description).toMatch(/^[A-Z][a-z]+s [^\n]+\.\n\n/)
    },
  )

  it('exist for every property, parameter and response header', () => {
    expect(PROPERTIES.length).toBeGreaterThan(250)
    expect(PARAMETERS.length).toBeGreaterThan(200)
    expect(names([...PROPERTIES, ...PARAMETERS].filter(({ described }) => !isDescribed(described)))).toEqual([])
    expect(Object.entries(headers).filter(([, header]) => !isDescribed({ ...header }))).toEqual([])
  })

  it('of a parameter are not repeated in its schema', () => {
    expect(names(PARAMETERS.filter(({ schema }) => 'description' in schema))).toEqual([])
  })

  it('of a response header are in a component', () => {
    const responses = [
      ...OPERATIONS.flatMap((operation) => Object.values(operation.responses)),
      ...Object.values(openapi.components.responses),
    ]
    const found = responses.flatMap((response) => Object.entries('headers' in response ? response.headers : {}))
    expect(found.length).toBeGreaterThan(500)
    expect(found.filter(([, header]) => !('$ref' in header))).toEqual([])
  })

  it('explain dates wherever a request may contain one', () => {
    const times = [...PROPERTIES, ...PARAMETERS].filter(({ schema }) => takesDate(schema))
    expect(new Set(names(times).map((name) => name.split(/[ .]/).at(-1)))).toEqual(
      new Set(['expires_at', 'since', 'until', 'created_after', 'created_before', 'updated_after', 'updated_before']),
    )
    const silent = times.filter(
      ({ described }) => !String(described.description).includes('A date without a time means 00:00 UTC.'),
    )
    expect(names(silent)).toEqual([])
  })

  it('link to sections of guides that exist', () => {
    const links = [...JSON.stringify(openapi).matchAll(/\]\((\/docs\/[^)]*)\)/g)].map(([, link = '']) => link)
    expect(new Set(links).size).toBeGreaterThan(10)
    for (const link of new Set(links)) {
      const [page, anchor] = link.slice(1).split('#')
      expect(GUIDES, link).toContain(`${page}.md`)
      if (anchor !== undefined) expect(anchorsOf(`${page}.md`), link).toContain(anchor)
    }
  })
})

describe('the examples of the document', () => {
  it('exist for every property, parameter and response header with a scalar value', () => {
    const scalars = [...PROPERTIES, ...PARAMETERS].filter(({ schema }) => isScalar(schema))
    expect(scalars.length).toBeGreaterThan(400)
    expect(names(scalars.filter(({ schema }) => !hasExample(schema)))).toEqual([])
    expect(Object.keys(headers).filter((name) => !hasExample(headers[name]?.schema ?? {}))).toEqual([])
  })
})

describe('the parameters of the document', () => {
  it.each(OPERATIONS.map((operation) => [operation.operationId, operation] as const))(
    'are those of the path, the query and the headers, in this order: %s',
    (_, operation) => {
      const found = parametersOf(operation).map((parameter) => ({ name: parameter.name, in: parameter.in }))
      const places = found.map((parameter) => ['path', 'query', 'header'].indexOf(parameter.in))
      expect(places).toEqual(places.toSorted())
      const common = ['Idempotency-Key', 'X-D1-Bookmark', 'X-Request-Id'].filter((name) =>
        found.some((each) => each.name === name),
      )
      expect(found.map(({ name }) => name).slice(-common.length)).toEqual(common)
    },
  )
})

describe('the components of the document', () => {
  it('have no name with Answer, and none that a generator gives the response of an operation', () => {
    const responses = OPERATIONS.map(({ operationId }) => `${operationId}response`.toLowerCase())
    const unfit = Object.keys(schemas).filter((name) => /Answer$/.test(name) || responses.includes(name.toLowerCase()))
    expect(unfit).toEqual([])
  })
})
