import fc, { type Arbitrary } from 'fast-check'
import { faultsOf } from '../../test/helpers/json-schema'
import { type JsonSchema, resolved } from '../../test/helpers/openapi'
import { HINTS } from './seed-values'
import { textOf } from './texts'

const ID_PATTERN = '^[A-Za-z0-9_-]{1,64}$'

/** A schema without references and without parts: what all of its parts say together. */
export function flat(schema: JsonSchema): JsonSchema {
  const { allOf, ...own } = resolved(schema as JsonSchema & { $ref: string }) as JsonSchema
  const parts = Array.isArray(allOf) ? allOf.map((part) => flat(part)) : []
  return Object.assign({}, own, ...parts)
}

/** Whether a value is what a schema says, and what JSON and the schema's formats say beyond it. */
export function isValid(value: unknown, schema: JsonSchema): boolean {
  return faultsOf(value, schema).length === 0 && isWellFormed(value) && fitsFormat(value, flat(schema))
}

/**
 * Whether a value is wrong by a schema, and stays so without the white space that the document says is dropped around
 * names, titles, tags and e-mails.
 */
export function isWrong(value: unknown, schema: JsonSchema): boolean {
  const { minLength, pattern } = flat(schema)
  const isTrimmed = typeof value === 'string' && minLength !== undefined && !new RegExp(String(pattern), 'u').test(' ')
  return !isValid(value, schema) && !(isTrimmed && isValid(value.trim(), schema))
}

/** Values that a schema allows. `name` is that of the field: of some, it is known what has a meaning. */
export function rightValueOf(schema: JsonSchema, name = ''): Arbitrary<unknown> {
  const hints = HINTS[name]?.filter((hint) => isName(hint) || isValid(hint, schema)) ?? []
  const any = anyValue(flat(schema)).filter((value) => isValid(value, schema))
  if (hints.length === 0) return any
  return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...hints) }, { weight: 1, arbitrary: any })
}

function anyValue(schema: JsonSchema): Arbitrary<unknown> {
  const { type, enum: values, anyOf, oneOf, ...rest } = schema
  const branches = anyOf ?? oneOf
  if (Array.isArray(values)) return fc.constantFrom(...values)
  if (Array.isArray(branches))
    return fc.oneof(...branches.map((part) => anyValue({ ...rest, ...(type ? { type } : {}), ...flat(part) })))
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
        ? fc.oneof(fc.constantFrom(...(HINTS.id ?? [])), textOf(schema))
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
  // Where all fields are optional, many at once rarely go together.
  const some = fc.subarray(fields, { minLength: Number(minProperties ?? 0), maxLength: Math.min(3, fields.length) })
  return some.chain((chosen) =>
    record(
      chosen,
      chosen.map(([name]) => name),
    ),
  )
}

/** JSON is UTF-8, which has no lone surrogates, though its escapes do. */
function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([key, part]) => key.isWellFormed() && isWellFormed(part))
}

/** Formats of which the validator knows nothing. */
function fitsFormat(value: unknown, schema: JsonSchema): boolean {
  if (schema.format === 'iri') return typeof value !== 'string' || URL.canParse(value)
  if (schema.type !== 'object' || typeof value !== 'object' || value === null) return true
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>
  return Object.entries(value).every(
    ([name, part]) => !Object.hasOwn(properties, name) || fitsFormat(part, flat(properties[name] ?? {})),
  )
}

/** Stands for what only a world knows: `__expires__` has not the form of what it stands for. */
export function isName(hint: unknown): boolean {
  return typeof hint === 'string' && /^__\w+__$/.test(hint)
}
