import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { countDownload } from '../access/downloads'
import { countIpAddress } from '../access/middleware'
import { configOf, verificationKeys } from '../core/config'
import { notFound, rateLimited } from '../core/errors'
import type { AppEnv } from '../http/app-env'
import { errorExample } from '../http/openapi/error-responses'
import { unmetered } from '../http/openapi/guard'
import { binary, emptyBody } from '../http/openapi/responses'
import { defineRoute } from '../http/openapi/route'
import { FILENAME_PATTERN } from '../http/schemas/patterns'
import { pathId } from '../http/schemas/request-fields'
import { signatureRejected } from './errors'
import { FILE_TYPES, fileResponse } from './file-response'
import { EXAMPLE_SIGNATURE } from './schema'
import { findStoredFile, readBytes } from './service'
import { verifiedAccount } from './url-signing'

const CACHE_HEADERS = ['ETag', 'Last-Modified', 'Accept-Ranges'] as const
const FILE_HEADERS = [...CACHE_HEADERS, 'Content-Disposition'] as const

const fileRoute = defineRoute({
  method: 'get',
  path: '/files/{attachment_id}/{filename}',
  operationId: 'downloadFile',
  summary: 'Download file',
  tags: ['Attachments'],
  guard: unmetered,
  description:
    'Returns the bytes of an attachment. Use its `url`, which contains the signature. PNG, JPEG, GIF, WebP, PDF and plain ' +
    'text are displayed inline, everything else is downloaded. The downloads of an account are limited to ten times its limit ' +
    'of requests: 1,000 per minute, or 3,000 with the premium plan.',
  errors: [
    400,
    errorExample('invalid_signature', 'The URL is not signed, was altered or has expired', signatureRejected),
    404,
    416,
    errorExample('too_many_downloads', 'The account had too many downloads in this minute', () =>
      rateLimited('1,000 downloads per minute in this account', 41),
    ),
    errorExample('too_many_requests', 'Too many invalid URLs were tried', () =>
      rateLimited('100 requests per minute', 41),
    ),
  ],
  request: {
    params: z.object({
      attachment_id: pathId('attachment_id', 'attach123'),
      filename: z.string().openapi({
        param: { name: 'filename', in: 'path' },
        maxLength: 255,
        pattern: FILENAME_PATTERN,
        description: 'Name of the file.',
        example: 'error_screenshot.png',
      }),
    }),
    query: z.strictObject({
      expires: z.string().optional().openapi({
        maxLength: 12,
        pattern: '^\\d{1,12}$',
        description: 'Time at which the URL expires, in Unix seconds.',
        example: '1746104400',
      }),
      signature: z.string().optional().openapi({
        maxLength: 200,
        pattern: '^[\\w.-]*$',
        description: 'Signature, as in the `url` of the attachment.',
        example: EXAMPLE_SIGNATURE,
      }),
    }),
  },
  responses: {
    200: binary(FILE_TYPES, 'The file', FILE_HEADERS),
    206: binary(FILE_TYPES, 'The requested range of the file', [...FILE_HEADERS, 'Content-Range']),
    304: emptyBody('Not changed since the version in `If-None-Match`', CACHE_HEADERS),
  },
})

/** For everyone who has a signed URL: no other credential is needed. */
export function registerFileRoutes(app: OpenAPIHono<AppEnv>): void {
  app.openapi(fileRoute, serveFile)
}

async function serveFile(c: Context<AppEnv>): Promise<Response> {
  const file = { id: c.req.param('attachment_id') ?? '', filename: c.req.param('filename') ?? '' }
  const query = { expires: c.req.query('expires'), signature: c.req.query('signature') }
  const accountId = verifiedAccount(file, query, verificationKeys(configOf(c.env), 'files'), Date.now())
  if (accountId === null) {
    await countIpAddress(c)
    throw signatureRejected()
  }
  const { file: row } = await countDownload(c.env, accountId, () =>
    findStoredFile(c.env, c.var.costs, accountId, file.id),
  )
  if (!row) throw notFound()
  const request = { method: c.req.method, header: (name: string) => c.req.header(name) }
  const { status, headers, bytes } = fileResponse(request, row, Number(query.expires), Date.now())
  if (bytes === null) return c.body(null, status, headers)
  const body = await readBytes(c.env, accountId, row, bytes)
  if (!body) throw notFound()
  return c.body(body, status, headers)
}
