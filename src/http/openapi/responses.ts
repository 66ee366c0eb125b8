import { z } from '@hono/zod-openapi'
import { MAX_RAW_BYTES } from '../middleware/raw-body'
import { type HeaderName, headerRefs } from './headers'

/** A documented JSON answer with an example, and the headers that are its own. */
export function json<T extends z.ZodType>(
  schema: T,
  description: string,
  example: z.output<T>,
  headers: readonly HeaderName[] = [],
) {
  return { description, headers: headerRefs(headers), content: { 'application/json': { schema, example } } }
}

/** A documented page of a list. */
export function page<T extends z.ZodType>(schema: T, description: string, example: z.output<T>) {
  return json(schema, description, example, ['Link'])
}

export const NDJSON = 'application/x-ndjson'

/**
 * A documented answer of lines of JSON, which is streamed. `line` names the component that a line is. OpenAPI has a place
 * of its own for that from 3.2 on (`itemSchema`).
 */
export function ndjson<T extends z.ZodType>(line: string, description: string, example: z.output<T>[]) {
  const text = example.map((line) => `${JSON.stringify(line)}\n`).join('')
  const aLine = { contentMediaType: NDJSON, contentSchema: { $ref: `#/components/schemas/${line}` } }
  const schema = z.string().openapi({ ...aLine, format: 'ndjson', description: `Each line is an ${line} in JSON` })
  // The router takes a name that ends in `json` for JSON, unless it does not know the name.
  const content: Record<string, { schema: z.ZodType; example: string }> = {
    [NDJSON]: { schema, example: text },
  }
  return { description, headers: {}, content }
}

/** A documented answer without a body. */
export function emptyBody(description: string, headers: readonly HeaderName[] = []) {
  return { description, headers: headerRefs(headers) }
}

/** A documented answer of the bytes of a file, which is of one of the media types. */
export function binary(types: readonly string[], description: string, headers: readonly HeaderName[]) {
  const schema = z
    .string()
    .openapi({ format: 'binary', maxLength: MAX_RAW_BYTES, description: 'The bytes of the file' })
  const content = Object.fromEntries(types.map((type) => [type, { schema }]))
  return { description, headers: headerRefs(headers), content }
}

/** A JSON body, which must be there, with examples by name; the name says when one would send it. */
export function jsonRequest<T extends z.ZodType>(schema: T, examples: Record<string, z.input<T>>) {
  const error = Object.entries(examples).map(([summary, value]) => [nameOf(summary), { summary, value }])
  return {
    required: true,
    content: { 'application/json': { schema, examples: Object.fromEntries(error) } },
  } as const
}

function nameOf(summary: string): string {
  return summary.toLowerCase().replace(/[^a-z0-9]+/g, '_')
}

/** A body of bytes of any type, which must be there and is streamed. */
export function rawRequest(description: string) {
  const schema = z.string().openapi({ format: 'binary', maxLength: MAX_RAW_BYTES, description })
  return { required: true, description, content: { 'application/octet-stream': { schema } } } as const
}
