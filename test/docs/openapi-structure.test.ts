import { beforeAll, describe, expect, it } from 'vitest'
import { call } from '../helpers/api'

/** Valid constructs that common generators of Python and Go clients reject or misread must not be in the document. */

type Node = Record<string, unknown>

interface Operation {
  operationId: string
  tags: string[]
  parameters: Node[]
}

interface Document {
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  webhooks: Record<string, Record<string, Operation>>
  components: Record<string, Record<string, unknown>>
}

let document: Document

beforeAll(async () => {
  document = (await call('GET', '/openapi.json')).body
})

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && !Array.isArray(value)

/** All objects below a part of the document. Examples are data with any keys, so they are left out. */
function nodesIn(part: unknown, path = '#'): { node: Node; path: string }[] {
  if (Array.isArray(part)) return part.flatMap((item, index) => nodesIn(item, `${path}/${index}`))
  if (!isNode(part)) return []
  const below = Object.entries(part).filter(([key]) => key !== 'example' && key !== 'examples')
  return [{ node: part, path }, ...below.flatMap(([key, value]) => nodesIn(value, `${path}/${key}`))]
}

function mergedIn(part: unknown) {
  return nodesIn(part).flatMap(({ node, path }) => {
    if (!Array.isArray(node.allOf)) return []
    return [{ node, path, members: node.allOf.filter(isNode) }]
  })
}

function target($ref: unknown): Node {
  const [, , kind = '', name = ''] = String($ref).split('/')
  const found = document.components[kind]?.[name]
  if (!isNode(found)) throw new Error(`${$ref} does not exist`)
  return found
}

function referencesFrom(part: unknown, found = new Set<string>()): Set<string> {
  for (const { node } of nodesIn(part)) {
    const { $ref } = node
    if (typeof $ref !== 'string' || found.has($ref)) continue
    found.add($ref)
    referencesFrom(target($ref), found)
  }
  return found
}

function defaultsOf(schema: Node): unknown[] {
  const merged = Array.isArray(schema.allOf) ? schema.allOf.filter(isNode) : []
  return [
    ...('default' in schema ? [schema.default] : []),
    ...('$ref' in schema ? defaultsOf(target(schema.$ref)) : []),
    ...merged.flatMap(defaultsOf),
  ]
}

const operationsIn = (items: Document['paths']): Operation[] =>
  Object.values(items).flatMap((item) => Object.values(item).filter((part) => 'operationId' in part))

describe('the OpenAPI document', () => {
  it('has no allOf member without a type, a reference or properties', () => {
    const merged = mergedIn(document)
    expect(merged.length).toBeGreaterThan(0)
    const untyped = merged.filter(({ members }) =>
      members.some((member) => !('type' in member || '$ref' in member || 'properties' in member)),
    )
    expect(untyped.map(({ path }) => path)).toEqual([])
    expect(merged.filter(({ members }) => members.length === 0)).toEqual([])
  })

  it('keeps the default of a property that refers to a schema', () => {
    const property = (schema: string, name: string) =>
      nodesIn(target(`#/components/schemas/${schema}`).properties).find(({ path }) => path === `#/${name}`)?.node
    expect(property('CreateTicket', 'status')).toEqual(withDefault('TicketStatus', 'open'))
    expect(property('CreateTicket', 'priority')).toEqual(withDefault('TicketPriority', 'medium'))
    expect(property('CreateUser', 'role')).toEqual(withDefault('Role', 'customer'))
    expect(property('CreateApiKey', 'role')).toEqual(withDefault('ApiKeyRole', 'agent'))
  })

  it('has no schema with two defaults', () => {
    const doubled = nodesIn(document).filter(({ node }) => defaultsOf(node).length > 1)
    expect(doubled.map(({ path }) => path)).toEqual([])
  })

  it('has nothing next to a reference, which OpenAPI 3.0 ignores', () => {
    const crowded = nodesIn(document).filter(({ node }) => '$ref' in node && Object.keys(node).length > 1)
    expect(crowded.map(({ path }) => path)).toEqual([])
  })

  it('has no component that only webhooks refer to', () => {
    const fromPaths = referencesFrom(document.paths)
    const fromWebhooks = [...referencesFrom(document.webhooks)]
    expect(fromWebhooks.length).toBeGreaterThan(0)
    expect(fromWebhooks.filter(($ref) => !fromPaths.has($ref))).toEqual([])
    for (const { operationId, parameters } of operationsIn(document.webhooks))
      expect(
        parameters.filter(($ref) => '$ref' in $ref),
        operationId,
      ).toEqual([])
  })

  it('has no two components of a kind whose names differ only in case or punctuation', () => {
    for (const [kind, components] of Object.entries(document.components)) {
      const names = Object.keys(components).map((name) => name.replace(/[^a-z\d]/gi, '').toLowerCase())
      expect(
        names.filter((name, index) => names.indexOf(name) !== index),
        kind,
      ).toEqual([])
    }
  })

  it('declares every tag, and shares none between paths and webhooks', () => {
    const tagsOf = (items: Document['paths']) => new Set(operationsIn(items).flatMap(({ tags }) => tags))
    const [ofPaths, ofWebhooks] = [tagsOf(document.paths), tagsOf(document.webhooks)]
    expect(ofWebhooks).toEqual(new Set(['Webhook events']))
    expect([...ofPaths].filter((tag) => ofWebhooks.has(tag))).toEqual([])
    expect(new Set(document.tags.map(({ name }) => name))).toEqual(new Set([...ofPaths, ...ofWebhooks]))
  })

  it('has an ID for each operation and webhook that is unique in any case', () => {
    const ids = [...operationsIn(document.paths), ...operationsIn(document.webhooks)].map(
      ({ operationId }) => operationId,
    )
    expect(new Set(ids.map((id) => id.toLowerCase())).size).toBe(ids.length)
  })
})

function withDefault(schema: string, value: string) {
  return { allOf: [{ $ref: `#/components/schemas/${schema}` }], default: value, description: expect.any(String) }
}
