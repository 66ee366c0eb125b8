import document from '../../openapi.json'

export interface Header {
  required?: boolean
  schema: JsonSchema
}

export type JsonSchema = { [keyword: string]: unknown }
export type Reference = { $ref: string }

export interface MediaType {
  schema: JsonSchema
  example?: unknown
  examples?: Record<string, { summary: string; value: unknown } | Reference>
}

export interface Response {
  description: string
  headers: Record<string, Header | Reference>
  content?: Record<string, MediaType>
  links?: Record<string, { operationId: string; parameters: Record<string, string> }>
}

export interface Operation {
  operationId: string
  summary: string
  description?: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters: ({ name: string; in: string; schema: JsonSchema } | Reference)[]
  requestBody?: { required: boolean; content: Record<string, MediaType> }
  responses: Record<string, Response | Reference>
}

export interface NamedOperation extends Operation {
  method: string
  path: string
}

interface Document {
  info: { description: string }
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  webhooks: Record<string, { post: Operation }>
  components: {
    schemas: Record<string, JsonSchema>
    responses: Record<string, Response>
    headers: Record<string, Header>
    examples: Record<string, { summary: string; value: unknown }>
  }
}

/** The inferred type of a JSON module is that of its current content. */
export const openapi = document as unknown as Document

export const OPERATIONS: NamedOperation[] = Object.entries(openapi.paths).flatMap(([path, item]) =>
  Object.entries(item)
    .filter(([method]) => method !== 'servers')
    .map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
)

/** Follows a reference; throws if it is broken. */
export function resolved<T extends object>(part: T | Reference): T {
  if (!('$ref' in part) || typeof part.$ref !== 'string') return part as T
  let found: unknown = openapi
  for (const name of part.$ref.slice(2).split('/')) found = (found as Record<string, unknown>)[name]
  if (found === undefined) throw new Error(`${part.$ref} points nowhere`)
  return found as T
}
