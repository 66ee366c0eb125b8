import { z } from '@hono/zod-openapi'
import { MAX_RAW_BYTES } from '../middleware/raw-body'
import { type HeaderName, headerRefs } from './headers'

export function json<T extends z.ZodType>(
  schema: T,
  description: string,
  example: z.output<T>,
  headers: readonly HeaderName[] = [],
) {
  return { description, headers: headerRefs(headers), content: { 'application/json': { schema, example } } }
}

export function page<T extends z.ZodType>(schema: T, description: string, example: z.output<T>) {
  return json(schema, description, example, ['Link'])
}

export const NDJSON = 'application/x-ndjson'

/** Lines of JSON. `component` is the schema of a line; OpenAPI 3.1 has no `itemSchema` yet. */
export function ndjson<T extends z.ZodType>(component: string, description: string, example: z.output<T>[]) {
  const text = example.map((line) => `${JSON.stringify(line)}\n`).join('')
  const content = { contentMediaType: NDJSON, contentSchema: { $ref: `#/components/schemas/${component}` } }
  const schema = z
    .string()
    .openapi({ ...content, format: 'ndjson', description: `Each line is one ${component} in JSON.` })
  // With a literal key, the types of the router would treat a media type that ends in `json` as JSON.
  const byType: Record<string, { schema: z.ZodType; example: string }> = { [NDJSON]: { schema, example: text } }
  return { description, headers: {}, content: byType }
}

export function emptyBody(description: string, headers: readonly HeaderName[] = []) {
  return { description, headers: headerRefs(headers) }
}

export function binary(types: readonly string[], description: string, headers: readonly HeaderName[]) {
  const schema = z
    .string()
    .openapi({ format: 'binary', maxLength: MAX_RAW_BYTES, description: 'The bytes of the file.' })
  const content = Object.fromEntries(types.map((type) => [type, { schema }]))
  return { description, headers: headerRefs(headers), content }
}

/** A required JSON body. `examples` are by their summaries. */
export function jsonRequest<T extends z.ZodType>(schema: T, examples: Record<string, z.input<T>>) {
  const named = Object.entries(examples).map(([summary, value]) => [nameOf(summary), { summary, value }])
  return {
    required: true,
    content: { 'application/json': { schema, examples: Object.fromEntries(named) } },
  } as const
}

function nameOf(summary: string): string {
  return summary.toLowerCase().replace(/[^a-z0-9]+/g, '_')
}

/** A required body of any type, which is streamed. */
export function rawRequest(description: string) {
  const schema = z.string().openapi({ format: 'binary', maxLength: MAX_RAW_BYTES, description })
  return { required: true, description, content: { 'application/octet-stream': { schema } } } as const
}
