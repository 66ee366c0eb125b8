import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { acceptedKeys, configOf } from '../env'
import type { AppEnv } from '../http/app-env'
import { ApiError, notFound } from '../http/errors'
import { pathId } from '../http/fields'
import { describeRoute } from '../http/route'
import { countAddress } from '../rate-limiting/middleware'
import { answerFile } from './file-answer'
import { findStoredFile, readBytes } from './service'
import { verifiedAccount } from './url-signing'

const BYTES = { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } }

const fileRoute = describeRoute({
  method: 'get',
  path: '/files/{attachment_id}/{filename}',
  operationId: 'downloadFile',
  summary: 'Download an attachment by its signed address',
  tags: ['Attachments'],
  security: [],
  guard: async (_c, next) => next(),
  description:
    'Range, If-Range and If-None-Match are heeded; several ranges at once are answered with the whole. PNG, JPEG, GIF, ' +
    'WebP, PDF and plain text are for showing, all else for saving.',
  fails: [404, 416],
  request: {
    params: z.object({
      attachment_id: pathId('attachment_id', 'attach123'),
      filename: z.string().openapi({ param: { name: 'filename', in: 'path' }, example: 'error_screenshot.png' }),
    }),
    query: z.object({
      expires: z.string().optional().openapi({ description: 'Unix seconds' }),
      signature: z.string().optional(),
    }),
  },
  responses: {
    200: { description: 'The bytes', content: BYTES },
    206: { description: 'The range of bytes that was asked for', content: BYTES },
    304: { description: 'They are the bytes that the caller has' },
  },
})

/** Puts the download of files into the router: for anybody who has a signed address, with no other credential. */
export function addFileRoutes(app: OpenAPIHono<AppEnv>): void {
  app.openapi(fileRoute, serveFile)
}

/** An altered address is told the same for any ID, so that nothing can be learnt by guessing. */
async function serveFile(c: Context<AppEnv>): Promise<Response> {
  const file = { id: c.req.param('attachment_id') ?? '', filename: c.req.param('filename') ?? '' }
  const query = { expires: c.req.query('expires'), signature: c.req.query('signature') }
  const accountId = verifiedAccount(file, query, acceptedKeys(configOf(c.env), 'files'), Date.now())
  if (accountId === null) {
    await countAddress(c)
    throw new ApiError(403, 'forbidden', 'This address is not signed, was altered or has expired')
  }
  const row = await findStoredFile(c.env, c.var.costs, accountId, file.id)
  if (!row) throw notFound()
  const request = { method: c.req.method, header: (name: string) => c.req.header(name) }
  const { status, headers, bytes } = answerFile(request, row, Number(query.expires), Date.now())
  if (bytes === null) return c.body(null, status, headers)
  const body = await readBytes(c.env, accountId, row, bytes)
  if (!body) throw notFound()
  return c.body(body, status, headers)
}
