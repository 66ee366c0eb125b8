import fc, { type Arbitrary } from 'fast-check'
import { faultsOf } from '../../test/helpers/json-schema'
import { type JsonSchema, resolved } from '../../test/helpers/openapi'
import { SEED_VALUES } from './seed-values'
import { textOf } from './texts'

const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

/** Merges references and `allOf`. */
export function flatten(schema: JsonSchema): JsonSchema {
  const { allOf, ...own } = resolved(schema as JsonSchema & { $ref: string }) as JsonSchema
  const parts = Array.isArray(allOf) ? allOf.map((part) => flatten(part)) : []
  return Object.assign({}, own, ...parts)
}

/** Also checks what JSON and the formats require beyond the schema. */
export function isValid(value: unknown, schema: JsonSchema): boolean {
  return faultsOf(value, schema).length === 0 && isWellFormed(value) && matchesFormat(value, flatten(schema))
}

/** Still invalid after trimming, which the service does for names, titles, tags and emails. */
export function isWrong(value: unknown, schema: JsonSchema): boolean {
  const { minLength, pattern } = flatten(schema)
  const isTrimmed = typeof value === 'string' && minLength !== undefined && !new RegExp(String(pattern), 'u').test(' ')
  return !isValid(value, schema) && !(isTrimmed && isValid(value.trim(), schema))
}

export function rightValueOf(schema: JsonSchema, name = ''): Arbitrary<unknown> {
  const seeds = SEED_VALUES[name]?.filter((seed) => isPlaceholder(seed) || isValid(seed, schema)) ?? []
  const any = anyValue(flatten(schema)).filter((value) => isValid(value, schema))
  if (seeds.length === 0) return any
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...seeds) }, { weight: 1, arbitrary: any })
}

function anyValue(schema: JsonSchema): Arbitrary<unknown> {
  const { type, enum: values, anyOf, oneOf, ...rest } = schema
  const branches = anyOf ?? oneOf
  if (Array.isArray(values)) return fc.constantFrom(...values)
  if (Array.isArray(branches))
    return fc.oneof(...branches.map((part) => anyValue({ ...rest, ...(type ? { type } : {}), ...flatten(part) })))
  if (Array.isArray(type)) return fc.oneof(...type.map((one) => anyValue({ ...rest, type: one })))
  return byType(String(type), schema)
}

function byType(type: string, schema: JsonSchema): Arbitrary<unknown> {
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return integer(schema)
    case 'number':
      return fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    case 'array':
      return array(schema)
    case 'object':
      return object(schema)
    case 'string':
      return schema.pattern === ID_PATTERN
        ? fc.oneof(fc.constantFrom(...(SEED_VALUES.id ?? [])), textOf(schema))
        : textOf(schema)
    default:
      throw new Error(`no values of type ${type}`)
  }
}

function integer({ minimum, maximum }: JsonSchema): Arbitrary<number> {
  const [min, max] = [Number(minimum ?? -1_000), Number(maximum ?? 1_000)]
  return fc.oneof(
    fc.constantFrom(min, max),
    fc.maxSafeInteger().map((n) => min + (Math.abs(n) % Math.min(1_000, max - min + 1))),
  )
}

function array({ items, minItems, maxItems }: JsonSchema): Arbitrary<unknown[]> {
  const min = Number(minItems ?? 0)
  return fc.array(rightValueOf(items as JsonSchema), {
    minLength: min,
    maxLength: Math.min(Number(maxItems ?? 3), min + 3),
  })
}

function object({
  properties,
  required,
  minProperties,
  additionalProperties,
  propertyNames,
}: JsonSchema): Arbitrary<object> {
  if (properties === undefined) {
    const names = fc.stringMatching(
      new RegExp(String((propertyNames as JsonSchema | undefined)?.pattern ?? '^.{1,20}$')),
    )
    return fc.dictionary(names, rightValueOf(additionalProperties as JsonSchema), { maxKeys: 4 })
  }
  const fields = Object.entries(properties as Record<string, JsonSchema>)
  const record = (of: typeof fields, requiredKeys: string[]) =>
    fc.record(Object.fromEntries(of.map(([name, schema]) => [name, rightValueOf(schema, name)])), { requiredKeys })
  if (Array.isArray(required)) return record(fields, required as string[])
  // With optional fields only, many together are rarely valid.
  const some = fc.subarray(fields, { minLength: Number(minProperties ?? 0), maxLength: Math.min(3, fields.length) })
  return some.chain((chosen) =>
    record(
      chosen,
      chosen.map(([name]) => name),
    ),
  )
}

/** JSON is UTF-8 without lone surrogates, but escapes may contain them. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, part]) => key.isWellFormed() && isWellFormed(part))
}

/** Formats that the validator does not check. */
function matchesFormat(value: unknown, schema: JsonSchema): boolean {
  if (schema.format === 'iri') return typeof value !== 'string' || URL.canParse(value)
  if (schema.type !== 'object' || typeof value !== 'object' || value === null) return true
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>
  return Object.entries(value).every(
    ([name, part]) => !Object.hasOwn(properties, name) || matchesFormat(part, flatten(properties[name] ?? {})),
  )
}

/** A placeholder does not have the format of its value. */
export function isPlaceholder(seed: unknown): boolean {
  return typeof seed === 'string' && /^__\w+__$/.test(seed)
}
