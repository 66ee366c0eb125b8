import type { OpenAPIHono } from '@hono/zod-openapi'
import { version } from '../package.json'
import type { AppEnv } from './http/app-env'

const INFO = {
  title: 'Ticketing API',
  version,
  description:
    'A helpdesk over HTTP: tickets, comments, attachments and users of an account. Log in with `POST /auth/login` and ' +
    'send the token as `Authorization: Bearer …`. Every failure has one form, and every answer tells what is left of ' +
    'the rate limit.',
  license: { name: 'MIT', identifier: 'MIT' },
}

/**
 * The OpenAPI 3.1 document: the routes of version 1 under both of its prefixes, and those at the root, made from the
 * schemas that validate.
 */
export function openApiDocument(v1: OpenAPIHono<AppEnv>, root: OpenAPIHono<AppEnv>) {
  v1.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    description: 'The token of a login, or an API key',
  })
  v1.openAPIRegistry.registerComponent('securitySchemes', 'apiKey', { type: 'apiKey', in: 'header', name: 'X-API-Key' })
  const document = v1.getOpenAPI31Document({
    openapi: '3.1.0',
    info: INFO,
    servers: [
      { url: '/api/v1', description: 'Local development' },
      { url: '/ticketing/v1', description: 'Production' },
    ],
    security: [{ bearer: [] }, { apiKey: [] }],
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
