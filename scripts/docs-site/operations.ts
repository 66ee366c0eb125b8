import document from '../../openapi.json' with { type: 'json' }

type Reference = { $ref: string }

interface Parameter {
  name: string
  in: string
  required?: boolean
  schema: { example?: unknown }
  example?: unknown
}

interface MediaType {
  example?: unknown
  examples?: Record<string, { value: unknown } | Reference>
}

interface OpenApiOperation {
  operationId: string
  summary: string
  description: string
  tags: string[]
  security: Record<string, string[]>[]
  parameters?: (Parameter | Reference)[]
  requestBody?: { content: Record<string, MediaType> }
}

interface OpenApiDocument {
  info: { title: string; summary: string; description: string }
  tags: { name: string; description: string }[]
  paths: Record<string, Record<string, OpenApiOperation> & { servers?: { url: string }[] }>
  webhooks: Record<string, Record<string, OpenApiOperation>>
  components: Record<string, Record<string, unknown>>
}

/** The inferred type of a JSON module is that of its current content. */
export const DOCUMENT = document as unknown as OpenApiDocument

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

const METHODS = ['get', 'post', 'patch', 'delete']
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

function operationsIn(paths: OpenApiDocument['paths'], isWebhook: boolean): Operation[] {
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
  const parameters = (operation.parameters ?? []).map((each) => resolve<Parameter>(each))
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
  const [type, { example, examples = {} }] = content
  const [first] = Object.values(examples)
  return { type, example: example ?? (first && resolve<{ value: unknown }>(first).value) }
}

function resolve<T>(node: T | Reference): T {
  if (!isReference(node)) return node
  const found = node.$ref
    .split('/')
    .slice(1)
    .reduce<unknown>((value, key) => Reflect.get(Object(value), key), DOCUMENT)
  return found as T
}

function isReference(node: unknown): node is Reference {
  return typeof node === 'object' && node !== null && '$ref' in node
}
