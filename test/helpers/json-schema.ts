import { dereference, type Schema, validate } from '@cfworker/json-schema'
import { type JsonSchema, openapi } from './openapi'

const BASE = 'https://openapi.example/'
const NOT_RULES = new Set(['description', 'example', 'examples', 'discriminator', 'default'])

const components = { $defs: mapped(openapi.components.schemas) }
const known = dereference(components, Object.create(null), new URL(BASE))

interface Prepared {
  rules: Schema
  lookup: Record<string, Schema | boolean>
}

const prepared = new WeakMap<JsonSchema, Prepared>()

/** Empty if the value is valid. */
export function faultsOf(value: unknown, schema: JsonSchema): string[] {
  const { rules, lookup } = prepared.get(schema) ?? prepare(schema)
  if (validate(value, rules, '2020-12', lookup).valid) return []
  const { errors } = validate(value, rules, '2020-12', lookup, false)
  return errors.slice(-5).map(({ instanceLocation, error }) => `${instanceLocation} ${error}`)
}

let parts = 0

function prepare(schema: JsonSchema): Prepared {
  parts += 1
  const rules: Schema = closed(schema)
  const result = { rules, lookup: dereference(rules, Object.create(known), new URL(`${BASE}parts/${parts}`)) }
  prepared.set(schema, result)
  return result
}

/** Adds `additionalProperties: false`: responses may get new keys, but the document must describe them. */
function closed(schema: JsonSchema): JsonSchema {
  const rules: JsonSchema = {}
  for (const [keyword, value] of Object.entries(schema)) {
    if (NOT_RULES.has(keyword)) continue
    if (keyword === '$ref') rules.$ref = String(value).replace('#/components/schemas/', `${BASE}#/$defs/`)
    else if (Array.isArray(value)) rules[keyword] = value.map((part) => (isSchema(part) ? closed(part) : part))
    else if (isSchema(value)) rules[keyword] = keyword === 'properties' ? mapped(value) : closed(value)
    else rules[keyword] = value
  }
  if ('properties' in rules && !('additionalProperties' in rules)) rules.additionalProperties = false
  return rules
}

function mapped(schemas: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, isSchema(schema) ? closed(schema) : schema]),
  )
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
