import type { OpenAPIHono } from '@hono/zod-openapi'
import packageJson from '../package.json'
import type { AppEnv } from './http/app-env'

const INFO = {
  title: 'Ticketing API',
  version: packageJson.version,
  description:
    'A helpdesk over HTTP: tickets, comments, attachments and users of an account. Log in with `POST /auth/login` and ' +
    'send the token as `Authorization: Bearer …`. Every failure has one form, and every answer tells what is left of ' +
    'the rate limit.',
  license: { name: 'MIT', identifier: 'MIT' },
}

const SECURITY_SCHEMES = {
  bearerToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'The token of a login' },
  bearerApiKey: { type: 'http', scheme: 'bearer', bearerFormat: 'tk_live_…', description: 'An API key' },
  apiKeyHeader: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An API key' },
} as const

/**
 * The OpenAPI 3.1 document: the routes of version 1 under both of its prefixes, and those at the root, made from the
 * schemas that validate.
 */
export function openApiDocument(v1: OpenAPIHono<AppEnv>, root: OpenAPIHono<AppEnv>) {
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES))
    v1.openAPIRegistry.registerComponent('securitySchemes', name, scheme)
  const document = v1.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [
      { url: '/api/v1', description: 'Local development' },
      { url: '/ticketing/v1', description: 'Production' },
    ],
    security: [{ bearerToken: [] }, { bearerApiKey: [] }, { apiKeyHeader: [] }],
    tags: [
      'Authentication',
      'Account',
      'Tickets',
      'Comments',
      'Attachments',
      'Users',
      'API keys',
      'Webhooks',
      'Service',
    ].map((name) => ({ name })),
  })
  const rootDocument = root.getOpenAPI31Document({ openapi: '3.1.0', info: INFO })
  const rootPaths = Object.entries(rootDocument.paths ?? {}).map(([path, item]) => [
    path,
    { servers: [{ url: '/' }], ...item },
  ])
  return {
    ...document,
    paths: { ...document.paths, ...Object.fromEntries(rootPaths) },
    components: {
      ...document.components,
      schemas: { ...rootDocument.components?.schemas, ...document.components?.schemas },
    },
  }
}
