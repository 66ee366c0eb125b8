import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { acceptedKeys, configOf } from '../env'
import type { AppEnv } from '../http/app-env'
import { ApiError, notFound } from '../http/errors'
import { pathId } from '../http/fields'
import { describeRoute } from '../http/route'
import { countAddress } from '../rate-limiting/middleware'
import { type AttachmentRow, openFile } from './service'
import { verifiedAccount } from './url-signing'

/** Types that a browser may show by itself; it is given all else to save. */
const INLINE = new Map([
  ['image/png', 'image/png'],
  ['image/jpeg', 'image/jpeg'],
  ['image/gif', 'image/gif'],
  ['image/webp', 'image/webp'],
  ['application/pdf', 'application/pdf'],
  ['text/plain', 'text/plain; charset=utf-8'],
])

const fileRoute = describeRoute({
  method: 'get',
  path: '/files/{attachment_id}/{filename}',
  operationId: 'getFile',
  summary: 'Download an attachment by its signed address',
  tags: ['Attachments'],
  security: [],
  guard: async (_c, next) => next(),
  fails: [404],
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
    200: {
      description: 'The bytes',
      content: { 'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) } },
    },
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
  const found = await openFile(c.env, c.var.costs, accountId, file.id)
  if (!found) throw notFound()
  return new Response(found.object.body, { headers: fileHeaders(found.row) })
}

function fileHeaders(row: AttachmentRow): Record<string, string> {
  const inline = INLINE.get(row.mime_type.toLowerCase())
  const ascii = row.filename.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const encoded = encodeURIComponent(row.filename).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return {
    'Content-Type': inline ?? 'application/octet-stream',
    'Content-Length': String(row.size),
    'Content-Disposition': `${inline ? 'inline' : 'attachment'}; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'X-Content-Type-Options': 'nosniff',
  }
}
