import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { AppEnv } from '../http/app-env'
import { matchesIfNoneMatch } from '../http/etag'
import { unmetered } from '../http/openapi/guard'
import { emptyBody, json } from '../http/openapi/responses'
import { defineRoute } from '../http/openapi/route'
import { sha256 } from '../lib/crypto'

const MAX_AGE_SECONDS = 300

const documentRoute = defineRoute({
  method: 'get',
  path: '/openapi.json',
  operationId: 'getOpenApiDocument',
  summary: 'Get OpenAPI document',
  description: 'Returns this document. It may be cached for five minutes. There is no rate limit.',
  tags: ['Service'],
  guard: unmetered,
  request: { query: z.object({}) },
  responses: {
    200: json(
      z
        .object({
          openapi: z.string().openapi({
            maxLength: 10,
            pattern: '^3\\.1\\.\\d$',
            description: 'Version of the OpenAPI specification.',
            example: '3.1.0',
          }),
        })
        .catchall(z.unknown())
        .openapi('OpenApiDocument', { maxProperties: 20 }),
      'The OpenAPI 3.1 document',
      { openapi: '3.1.0', info: { title: 'Ticketing API', version: '0.1.0' }, paths: {} },
      ['ETag'],
    ),
    304: emptyBody('Not changed since the version in `If-None-Match`', ['ETag']),
  },
})

/** Calls `write` once in an isolate, on the first request. */
export function registerDocumentRoute(app: OpenAPIHono<AppEnv>, write: () => unknown): void {
  let written: { text: string; ETag: string } | undefined
  app.openapi(documentRoute, (c) => {
    written ??= withTag(JSON.stringify(write()))
    const { text, ETag } = written
    const headers = { ETag, 'Cache-Control': `public, max-age=${MAX_AGE_SECONDS}` }
    if (matchesIfNoneMatch(c.req.header('If-None-Match'), ETag)) return c.body(null, 304, headers)
    return c.body(text, 200, { ...headers, 'Content-Type': 'application/json' })
  })
}

function withTag(text: string) {
  return { text, ETag: `"${sha256(text).slice(0, 32)}"` }
}
