import { z } from 'zod'
import document from '../../openapi.json' with { type: 'json' }

const Reference = z.object({ $ref: z.string() })

const Parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().default(false),
  schema: z.object({ example: z.unknown().optional() }),
  example: z.unknown().optional(),
})

const Example = z.object({ value: z.unknown() })

const MediaType = z.object({
  example: z.unknown().optional(),
  examples: z.record(z.string(), z.unknown()).default({}),
})

const OpenApiOperation = z.object({
  operationId: z.string(),
  summary: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  security: z.array(z.record(z.string(), z.unknown())),
  parameters: z.array(z.unknown()).default([]),
  requestBody: z.object({ content: z.record(z.string(), MediaType) }).optional(),
})
type OpenApiOperation = z.infer<typeof OpenApiOperation>

const METHODS = ['get', 'post', 'patch', 'delete'] as const

const PathItem = z.object({
  servers: z.array(z.unknown()).optional(),
  get: OpenApiOperation.optional(),
  post: OpenApiOperation.optional(),
  patch: OpenApiOperation.optional(),
  delete: OpenApiOperation.optional(),
})
const PathItems = z.record(z.string(), PathItem)

/** The part of the OpenAPI document that the pages show. */
export const DOCUMENT = z
  .object({
    info: z.object({ title: z.string(), summary: z.string(), description: z.string() }),
    tags: z.array(z.object({ name: z.string(), description: z.string() })),
    paths: PathItems,
    webhooks: PathItems,
  })
  .parse(document)

export interface Operation {
  id: string
  method: string
  /** With placeholders such as `{ticket_id}`, and without the version prefix. */
  path: string
  /** The prefix of the version, or nothing. */
  prefix: string
  summary: string
  description: string
  tag: string
  /** The schemes of which one is required. */
  security: string[]
  /** Examples of all parameters of the path and of the required ones of the query. */
  pathExamples: Record<string, string>
  queryExamples: Record<string, string>
  body: { type: string; example: unknown } | null
  isWebhook: boolean
}

const PREFIX = '/api/v1'

/** In the order of the document, webhook events last. */
export const OPERATIONS: Operation[] = [
  ...operationsIn(DOCUMENT.paths, false),
  ...operationsIn(DOCUMENT.webhooks, true),
]

export function operationsOf(tag: string): Operation[] {
  return OPERATIONS.filter((operation) => operation.tag === tag)
}

/** The fragment with which the reference page opens the operation. */
export function anchorOf({ tag, method, path, isWebhook }: Operation): string {
  return `tag/${slug(tag)}/${isWebhook ? 'webhook/' : ''}${method}${isWebhook ? '/' : ''}${path}`
}

export function slug(tag: string): string {
  return tag.toLowerCase().replaceAll(' ', '-')
}

function operationsIn(paths: z.infer<typeof PathItems>, isWebhook: boolean): Operation[] {
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method]
      if (operation === undefined) return []
      const prefix = isWebhook || item.servers ? '' : PREFIX
      return [{ ...described(operation), method: method.toUpperCase(), path, prefix, isWebhook }]
    }),
  )
}

function described(operation: OpenApiOperation) {
  const parameters = operation.parameters.map((each) => resolve(each, Parameter))
  const examplesOf = (place: string) =>
    Object.fromEntries(
      parameters
        .filter((each) => each.in === place && each.required)
        .map((each) => [each.name, String(each.example ?? each.schema.example)]),
    )
  return {
    id: operation.operationId,
    summary: operation.summary,
    description: operation.description,
    tag: operation.tags[0] ?? '',
    security: operation.security.flatMap(Object.keys),
    pathExamples: examplesOf('path'),
    queryExamples: examplesOf('query'),
    body: bodyOf(operation),
  }
}

function bodyOf({ requestBody }: OpenApiOperation): Operation['body'] {
  const [content] = Object.entries(requestBody?.content ?? {})
  if (content === undefined) return null
  const [type, { example, examples }] = content
  const [first] = Object.values(examples)
  return { type, example: example ?? (first && resolve(first, Example).value) }
}

function resolve<Schema extends z.ZodType>(node: unknown, schema: Schema): z.infer<Schema> {
  const reference = Reference.safeParse(node).data
  return schema.parse(reference ? valueAt(reference.$ref) : node)
}

function valueAt(pointer: string): unknown {
  const keys = pointer.split('/').slice(1)
  return keys.reduce<unknown>((value, key) => Reflect.get(Object(value), key), document)
}
