import fc, { type Arbitrary } from 'fast-check'
import { type JsonSchema, type NamedOperation, resolved } from '../../test/helpers/openapi'
import { ACTORS, type Actor, fullPath, type GeneratedRequest, percent, rejectionStatus } from './generated-request'
import { flatten, rightValueOf } from './values'

export const SETS = 6

export interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: JsonSchema
}

export function parametersOf({ parameters = [] }: NamedOperation, location: string): Parameter[] {
  return parameters
    .map((parameter) => resolved<Parameter>(parameter as Parameter))
    .filter((parameter) => parameter.in === location)
}

export function jsonSchemaOf({ requestBody }: NamedOperation): JsonSchema | null {
  return requestBody?.content['application/json']?.schema ?? null
}

export function isRaw({ requestBody }: NamedOperation): boolean {
  return requestBody !== undefined && !('application/json' in requestBody.content)
}

/** `accessWeight` to 1 between actors with and without access. */
export function actorsFor(operation: NamedOperation, accessWeight = 6): Arbitrary<Actor> {
  const withAccess = ACTORS.filter((actor) => rejectionStatus(operation, actor) === null)
  const withoutAccess = ACTORS.filter((actor) => rejectionStatus(operation, actor) !== null)
  const members = fc.constantFrom(...withAccess)
  const first = fc.constantFrom(...withAccess.slice(0, 1))
  if (withoutAccess.length === 0) return fc.constantFrom<Actor>('anonymous', 'anonymous', 'anonymous', ...withAccess)
  return fc.oneof(
    { weight: accessWeight / 2, arbitrary: members },
    { weight: accessWeight / 2, arbitrary: first },
    { weight: 1, arbitrary: fc.constantFrom(...withoutAccess) },
  )
}

export function requestsOf(operation: NamedOperation, actors = actorsFor(operation)): Arbitrary<GeneratedRequest> {
  const method =
    operation.method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'HEAD') : fc.constant(operation.method)
  const parts = fc.record({
    actor: actors,
    method,
    path: pathOf(operation),
    query: queryOf(operation),
    headers: headersOf(operation),
    set: fc.nat(SETS - 1),
  })
  return fc
    .tuple(parts, bodyOf(operation))
    .map(([part, body]) => ({ ...part, ...body, headers: { ...part.headers, ...body.headers } }))
}

type Body = Pick<GeneratedRequest, 'json' | 'bytes'> & { headers?: Record<string, string> }

function bodyOf(operation: NamedOperation): Arbitrary<Body> {
  const schema = jsonSchemaOf(operation)
  if (schema) return rightValueOf(schema).map((json) => ({ json }))
  if (!isRaw(operation)) return fc.constant({})
  const types = fc.constantFrom('text/plain', 'image/png', 'application/octet-stream', 'a/b+c')
  return fc
    .tuple(types, fc.uint8Array({ maxLength: 12 }))
    .map(([type, bytes]) => ({ bytes: [...bytes], headers: { 'Content-Type': type } }))
}

/** Mostly existing resources; sometimes those of the other account, missing ones, or any ID. */
function pathOf(operation: NamedOperation): Arbitrary<string> {
  const values = parametersOf(operation, 'path').map(({ name, schema }) => {
    const any = rightValueOf(schema, name).map((value) => percent(String(value)))
    if (!name.endsWith('_id')) return any
    const [own, others] = [fc.constant(`__${name}__`), fc.constantFrom(`__other_${name}__`, `__no_${name}__`)]
    return fc.oneof({ weight: 12, arbitrary: own }, { weight: 2, arbitrary: others }, { weight: 1, arbitrary: any })
  })
  return fc.tuple(...values).map((all) => filled(fullPath(operation), all))
}

function filled(path: string, values: string[]): string {
  let index = 0
  return path.replace(/\{\w+\}/g, () => values[index++] ?? '')
}

function queryOf(operation: NamedOperation): Arbitrary<[string, string][]> {
  return optionalOf(parametersOf(operation, 'query'), 2)
}

/** `/files` requires the parameters of its signature, although the document does not. */
function optionalOf(parameters: Parameter[], oneIn: number): Arbitrary<[string, string][]> {
  const values = parameters.map(({ name, schema, required }) => {
    const value = rightValueOf(schema, name).map((value): [string, string][] => [[name, toParameterText(value)]])
    const isNeeded = required || ['expires', 'signature'].includes(name)
    return isNeeded ? value : fc.oneof({ weight: oneIn, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: value })
  })
  return fc.tuple(...values).map((all) => all.flat())
}

/** Arrays are separated by commas (`style: form`, `explode: false`). */
export function toParameterText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}

function headersOf(operation: NamedOperation): Arbitrary<Record<string, string>> {
  const headers = optionalOf(parametersOf(operation, 'header'), 4)
  // HTTP trims header values. Names like `toString` may appear in the log by chance, which would look like a leaked
  // secret.
  const isUsable = (value: string) => value !== '' && value === value.trim() && !(value in Function.prototype)
  return headers.map((all) => Object.fromEntries(all.filter(([, value]) => isUsable(value))))
}

/** Password hashes cost more than most requests together. */
export function isExpensive(operation: NamedOperation): boolean {
  const properties = flatten(jsonSchemaOf(operation) ?? {}).properties ?? {}
  const parts = Object.values(properties as Record<string, JsonSchema>)
  return parts.some(({ format, minLength }) => format === 'password' && Number(minLength) > 1)
}
