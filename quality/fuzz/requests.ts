import fc, { type Arbitrary } from 'fast-check'
import { type JsonSchema, type NamedOperation, resolved } from '../../test/helpers/openapi'
import { ACTORS, type Actor, addressOf, type Draft, percent, refusalOf } from './generated-request'
import { flat, rightValueOf } from './values'

/** How many things of each kind there are. */
export const SETS = 6

export interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: JsonSchema
}

/** The parameters of an operation of one place: `path`, `query` or `header`. */
export function parametersOf({ parameters = [] }: NamedOperation, place: string): Parameter[] {
  return parameters
    .map((parameter) => resolved<Parameter>(parameter as Parameter))
    .filter((parameter) => parameter.in === place)
}

/** The schema of an operation's JSON body; null without one. */
export function jsonSchemaOf({ requestBody }: NamedOperation): JsonSchema | null {
  return requestBody?.content['application/json']?.schema ?? null
}

/** Whether an operation takes bytes of any type. */
export function isRaw({ requestBody }: NamedOperation): boolean {
  return requestBody !== undefined && !('application/json' in requestBody.content)
}

/** Actors: so many of those who are let in to one of the others. */
export function actorsFor(operation: NamedOperation, admittedToOther = 6): Arbitrary<Actor> {
  const admitted = ACTORS.filter((actor) => refusalOf(operation, actor) === null)
  const refused = ACTORS.filter((actor) => refusalOf(operation, actor) !== null)
  const members = fc.constantFrom(...admitted)
  const first = fc.constantFrom(...admitted.slice(0, 1))
  if (refused.length === 0) return fc.constantFrom<Actor>('nobody', 'nobody', 'nobody', ...admitted)
  return fc.oneof(
    { weight: admittedToOther / 2, arbitrary: members },
    { weight: admittedToOther / 2, arbitrary: first },
    { weight: 1, arbitrary: fc.constantFrom(...refused) },
  )
}

/** Requests that an operation allows, as the document tells of it. */
export function requestsOf(operation: NamedOperation, actors = actorsFor(operation)): Arbitrary<Draft> {
  const method =
    operation.method === 'GET' ? fc.constantFrom('GET', 'GET', 'GET', 'HEAD') : fc.constant(operation.method)
  const parts = fc.record({
    by: actors,
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

type Body = Pick<Draft, 'json' | 'bytes'> & { headers?: Record<string, string> }

function bodyOf(operation: NamedOperation): Arbitrary<Body> {
  const schema = jsonSchemaOf(operation)
  if (schema) return rightValueOf(schema).map((json) => ({ json }))
  if (!isRaw(operation)) return fc.constant({})
  const types = fc.constantFrom('text/plain', 'image/png', 'application/octet-stream', 'a/b+c')
  return fc
    .tuple(types, fc.uint8Array({ maxLength: 12 }))
    .map(([type, bytes]) => ({ bytes: [...bytes], headers: { 'Content-Type': type } }))
}

/** Mostly the names of things that there are, now and then of another account's, of nothing, or any ID. */
function pathOf(operation: NamedOperation): Arbitrary<string> {
  const values = parametersOf(operation, 'path').map(({ name, schema }) => {
    const any = rightValueOf(schema, name).map((value) => percent(String(value)))
    if (!name.endsWith('_id')) return any
    const [own, others] = [fc.constant(`__${name}__`), fc.constantFrom(`__other_${name}__`, `__no_${name}__`)]
    return fc.oneof({ weight: 12, arbitrary: own }, { weight: 2, arbitrary: others }, { weight: 1, arbitrary: any })
  })
  return fc.tuple(...values).map((all) => filled(addressOf(operation), all))
}

function filled(path: string, values: string[]): string {
  let at = 0
  return path.replace(/\{\w+\}/g, () => values[at++] ?? '')
}

function queryOf(operation: NamedOperation): Arbitrary<[string, string][]> {
  return someOf(parametersOf(operation, 'query'), 2)
}

/** What `HINTS` names has a meaning for `/files`, and so must be there. */
function someOf(parameters: Parameter[], oneIn: number): Arbitrary<[string, string][]> {
  const values = parameters.map(({ name, schema, required }) => {
    const given = rightValueOf(schema, name).map((value): [string, string][] => [[name, inText(value)]])
    const isNeeded = required || ['expires', 'signature'].includes(name)
    return isNeeded ? given : fc.oneof({ weight: oneIn, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: given })
  })
  return fc.tuple(...values).map((all) => all.flat())
}

/** Arrays are told with commas (`style: form`, `explode: false`). */
export function inText(value: unknown): string {
  return Array.isArray(value) ? value.join(',') : String(value)
}

function headersOf(operation: NamedOperation): Arbitrary<Record<string, string>> {
  const headers = someOf(parametersOf(operation, 'header'), 4)
  // What surrounds a header's value is no part of it. A word of JavaScript may be part of a log line by chance, as no secret may.
  const isKept = (value: string) => value !== '' && value === value.trim() && !(value in Function.prototype)
  return headers.map((all) => Object.fromEntries(all.filter(([, value]) => isKept(value))))
}

/** Whether an operation sets a password, whose hash costs more than most requests together. */
export function isDear(operation: NamedOperation): boolean {
  const properties = flat(jsonSchemaOf(operation) ?? {}).properties ?? {}
  const parts = Object.values(properties as Record<string, JsonSchema>)
  return parts.some(({ format, minLength }) => format === 'password' && Number(minLength) > 1)
}
