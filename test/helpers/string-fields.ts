import { type JsonSchema, resolved } from './openapi'

/** The name of any property, if the schema does not list names. */
export const ANY_NAME = '*'

/** Includes names that the caller chooses. In arrays, only the first element. */
export function stringFields(given: JsonSchema, path: readonly string[] = []): string[][] {
  const schema = resolved(given as JsonSchema & { $ref: string }) as JsonSchema
  const parts: [key: string[], schema: unknown][] = [
    ...[schema.anyOf, schema.oneOf, schema.allOf].flat().map((part): [string[], unknown] => [[], part]),
    ...Object.entries(schema.properties ?? {}).map(([key, part]): [string[], unknown] => [[key], part]),
    [['0'], schema.items],
    [['any'], schema.additionalProperties],
  ]
  const isText = [schema.type].flat().includes('string') || schema.enum !== undefined || schema.const !== undefined
  const found = [
    ...(isText ? [[...path]] : []),
    ...(schema.propertyNames === undefined ? [] : [[...path, ANY_NAME]]),
    ...parts.flatMap(([key, part]) => (isSchema(part) ? stringFields(part, [...path, ...key]) : [])),
  ]
  return [...new Map(found.map((each) => [each.join('.'), each])).values()]
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null
}

/** Replaces the text at a path. */
export function withText(body: unknown, [key, ...rest]: readonly string[], text: string): unknown {
  if (key === undefined) return text
  if (/^\d+$/.test(key)) return [withText(undefined, rest, text)]
  const fields: Record<string, unknown> = typeof body === 'object' && body !== null ? { ...body } : {}
  return key === ANY_NAME ? { ...fields, [text]: 'value' } : { ...fields, [key]: withText(fields[key], rest, text) }
}
