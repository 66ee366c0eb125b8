import { OpenAPIHono } from '@hono/zod-openapi'
import { version } from '../../package.json'
import type { AppEnv } from '../http/app-env'
import { errorResponseComponents } from '../http/openapi/error-responses'
import { HEADERS, OPTIONAL_HEADERS } from '../http/openapi/headers'
import { documented } from '../http/openapi/operation'
import { PARAMETERS } from '../http/openapi/parameters'
import { ErrorBody } from '../http/schemas/error'
import { ExportLine } from '../tickets/service'
import { hoistAnnotations } from './annotations'
import { introduction } from './introduction'
import { linkCreations } from './links'
import { shareParameters, sortParameters } from './parameters'
import { ANY_CREDENTIAL, SECURITY_SCHEMES } from './security'
import { TAGS } from './tags'
import { webhookRoutes } from './webhooks'

/** Without a host, so that they are correct wherever the service runs. */
const SERVERS = [
  { url: '/api/v1', description: 'Local development', 'x-internal': false },
  { url: '/ticketing/v1', description: 'Production', 'x-internal': false },
]
/** A constant of its own, because the library's types are of OpenAPI 3.0, which has no `summary` and no license `identifier`. */
const INFO = {
  title: 'Ticketing API',
  version,
  summary: 'A multi-tenant helpdesk API',
  contact: { name: 'The operator of this service' },
  license: { name: 'MIT', identifier: 'MIT' },
}

const ROOT = [{ url: '/', description: 'Local development and production', 'x-internal': false }]

/** The OpenAPI 3.1 document, from the same schemas that validate requests. `root` has the routes without a version. */
export function openApiDocument(v1: OpenAPIHono<AppEnv>, root: OpenAPIHono<AppEnv>) {
  const all = new OpenAPIHono<AppEnv>()
  for (const route of [...routesOf(v1), ...routesOf(root)]) all.openAPIRegistry.registerPath(documented(route))
  for (const route of webhookRoutes()) all.openAPIRegistry.registerWebhook(route)
  all.openAPIRegistry.register('Error', ErrorBody)
  all.openAPIRegistry.register('ExportLine', ExportLine)
  const document = all.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { ...INFO, description: introduction() },
    servers: SERVERS,
    security: ANY_CREDENTIAL,
    tags: TAGS,
  })
  hoistAnnotations(document)
  const rootPaths = new Set(routesOf(root).map(({ path }) => path))
  const paths = document.paths ?? {}
  const parameters = { ...PARAMETERS, ...shareParameters(paths) }
  sortParameters(paths, parameters)
  linkCreations(paths)
  const { responses, examples } = errorResponseComponents()
  return {
    ...document,
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [path, rootPaths.has(path) ? { servers: ROOT, ...item } : item]),
    ),
    components: {
      schemas: document.components?.schemas,
      responses,
      parameters,
      examples,
      headers: { ...HEADERS, ...OPTIONAL_HEADERS },
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

function routesOf({ openAPIRegistry }: OpenAPIHono<AppEnv>) {
  return openAPIRegistry.definitions.flatMap((entry) => (entry.type === 'route' ? [entry.route] : []))
}
