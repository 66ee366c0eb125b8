import { type OpenAPIHono, z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { countAddress } from '../access/middleware'
import { acceptedKeys, configOf } from '../core/config'
import { notFound, rateLimited } from '../core/errors'
import type { AppEnv } from '../http/app-env'
import { told } from '../http/openapi/error-responses'
import { openGuard } from '../http/openapi/guard'
import { bytes, empty } from '../http/openapi/responses'
import { describeRoute } from '../http/openapi/route'
import { FILENAME_PATTERN } from '../http/schemas/patterns'
import { pathId } from '../http/schemas/request-fields'
import { addressRefused } from './errors'
import { answerFile, FILE_TYPES } from './file-answer'
import { findStoredFile, readBytes } from './service'
import { verifiedAccount } from './url-signing'

const KNOWN = ['ETag', 'Last-Modified', 'Accept-Ranges'] as const
const FILE = [...KNOWN, 'Content-Disposition'] as const

const fileRoute = describeRoute({
  method: 'get',
  path: '/files/{attachment_id}/{filename}',
  operationId: 'downloadFile',
  summary: 'Download an attachment by its signed address',
  tags: ['Attachments'],
  guard: openGuard,
  description:
    'Range, If-Range and If-None-Match are heeded; several ranges at once are answered with the whole. PNG, JPEG, GIF, ' +
    'WebP, PDF and plain text are for showing, all else for saving.',
  fails: [
    400,
    told('address_refused', 'The address is not a good one', addressRefused),
    404,
    416,
    told('too_many_requests', 'Too many bad addresses were tried', () => rateLimited('100 requests per minute', 41)),
  ],
  request: {
    params: z.object({
      attachment_id: pathId('attachment_id', 'attach123'),
      filename: z.string().openapi({
        param: { name: 'filename', in: 'path' },
        maxLength: 255,
        pattern: FILENAME_PATTERN,
        example: 'error_screenshot.png',
      }),
    }),
    query: z.strictObject({
      expires: z
        .string()
        .optional()
        .openapi({ maxLength: 12, pattern: '^\\d{1,12}$', description: 'Unix seconds', example: '1746104400' }),
      signature: z
        .string()
        .optional()
        .openapi({ maxLength: 200, pattern: '^[\\w.-]*$', description: 'As the attachment’s `url` has it' }),
    }),
  },
  responses: {
    200: bytes(FILE_TYPES, 'The bytes', FILE),
    206: bytes(FILE_TYPES, 'The range of bytes that was asked for', [...FILE, 'Content-Range']),
    304: empty('They are the bytes that the caller has', KNOWN),
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
    throw addressRefused()
  }
  const row = await findStoredFile(c.env, c.var.costs, accountId, file.id)
  if (!row) throw notFound()
  const request = { method: c.req.method, header: (name: string) => c.req.header(name) }
  const { status, headers, bytes: part } = answerFile(request, row, Number(query.expires), Date.now())
  if (part === null) return c.body(null, status, headers)
  const body = await readBytes(c.env, accountId, row, part)
  if (!body) throw notFound()
  return c.body(body, status, headers)
}
