// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { inOneRun, inside } from '../mutation.ts'

/** What responses contain, and what neither they nor the log may contain. */
export const RESPONSES = [
  ...inOneRun(
    'exposed headers',
    inside('EXPOSED', ['http/headers'], (it) => [it.value().replaceWith('[]')]),
    [
      'expose Accept-Ranges',
      'expose Content-Disposition',
      'expose Content-Range',
      'expose ETag',
      'expose Idempotent-Replayed',
      'expose Link',
      'expose Location',
      'expose RateLimit',
      'expose RateLimit-Policy',
      'expose Retry-After',
      'expose Server-Timing',
      'expose WWW-Authenticate',
      'expose X-D1-Bookmark',
      'expose X-RateLimit-Limit',
      'expose X-RateLimit-Remaining',
      'expose X-RateLimit-Reset',
      'expose X-Request-Id',
    ],
  ),
  ...inOneRun(
    'allowed request headers',
    inside('preflight', ['http/headers'], (it) => [it.property('allowHeaders').value().replaceWith("['None']")]),
    [
      'header Authorization',
      'header Content-Type',
      'header X-API-Key',
      'header X-D1-Bookmark',
      'header X-Request-Id',
      'header Idempotency-Key',
      'header If-Match',
      'header If-None-Match',
      'header If-Range',
      'header Range',
    ],
  ),
  ...inOneRun(
    'allowed methods',
    inside('preflight', ['http/headers'], (it) => [it.property('allowMethods').value().replaceWith("['TRACE']")]),
    ['method GET', 'method HEAD', 'method POST', 'method PATCH', 'method DELETE'],
  ),
  ...inside('fileResponse', ['attachments/ranges', 'attachments/filenames'], (it) => [
    it.property('Content-Security-Policy').remove(),
    it.literal("default-src 'none'; style-src 'unsafe-inline'; sandbox").text('; sandbox').remove(),
    it.literal(304).enclosingIf().property('headers').value().replaceWith('{ ETag: etag }'),
    it.property('Cache-Control').value().replaceWith('`max-age=${$1}`'),
    it.property('Cache-Control').value().text(', no-transform').remove(),
    it.call('max').replaceWith('31536000'),
  ]),
  ...inside('contentHeaders', ['attachments/ranges', 'attachments/filenames'], (it) => [
    it.reference('OTHER').replaceWith('row.mime_type'),
    it.property('Content-Disposition').value().part(1).replaceWith("'inline'"),
    it.call('replace', 1, 2).unchain(),
  ]),
  ...inside('serveFile', ['attachments/download'], (it) => [it.call('countIpAddress').enclosingStatement().remove()]),
  ...inside('verifiedAccount', ['attachments/url-signing'], (it) => [it.condition(1, 3).part(4).remove()]),
  ...inside('storeFile', ['attachments/upload'], (it) => [it.call('put').part(3).remove()]),
  ...inside('SHARED', ['docs/guides-pages', 'docs/reference-page'], (it) => [
    it.property('default-src').remove(),
    it.property('script-src').remove(),
    it.property('connect-src').remove(),
    it.property('base-uri').remove(),
    it.property('form-action').remove(),
    it.property('frame-ancestors').remove(),
  ]),
  ...inside('GUIDES_POLICY', ['docs/guides-pages'], (it) => [
    it.property('style-src-elem').remove(),
    it.property('img-src').remove(),
  ]),
  ...inside('referencePolicy', ['docs/reference-page'], (it) => [
    it.template().replaceWith("`'self' 'unsafe-inline'`"),
    it.property('img-src').remove(),
  ]),
  ...inside('registerDocsRoutes', ['docs/reference-page'], (it) => [it.call('html').part(3).remove()]),
  ...inside('guidesPage', ['docs/guides-pages'], (it) => [it.property('Content-Security-Policy').remove()]),
  ...inside('registerDocsRoutes/FILE', ['docs/guides-pages'], (it) => [it.pattern().text('(?!html$)').remove()]),
  ...inside('createApp', ['http/headers'], (it) => [
    it.call('requestId').enclosingStatement().remove(),
    it.reference('securityHeaders').enclosingStatement().remove(),
    it.reference('preflights').enclosingStatement().remove(),
  ]),
  ...inside('createApp', ['core/config', 'http/require-https'], (it) => [
    it.reference('requireHttps').enclosingStatement().remove(),
  ]),
  ...inside('createApp', ['access/rate-limits'], (it) => [
    it.reference('rateHeaders').enclosingStatement().remove(),
    it.literal('/api/*').enclosingStatement().remove(),
  ]),
  ...inside('markReplay', ['service/idempotency-every-route', 'service/idempotency-replay'], (it) => [
    it.literal('Idempotent-Replayed').enclosingStatement().remove(),
  ]),
  ...inside('registerRoute/handleSpeculatively', ['access/revocation', 'db/sessions'], (it) => [
    it.call('removeHeaders').replaceWith('$2'),
  ]),
  ...inside('NoParameters', ['http/parameters'], (it) => [it.value().replaceWith('z.object($1)')]),
  ...inside('IdempotencyHeaders', ['service/idempotency-keys'], (it) => [it.call('isMatch').always(true)]),
  ...inside('requestLog', ['db/sessions'], (it) => [it.literal('X-D1-Bookmark').enclosingStatement().remove()]),
  ...inside('requestLog', ['http/headers'], (it) => [
    it.literal('Server-Timing').enclosingStatement().call('set').replaceWith('$2'),
  ]),
  ...inside('requestLog', ['http/headers'], (it) => [it.call('has').always(false)]),
  ...inside('methodNotAllowed', ['http/errors'], (it) => [it.property('Allow').remove()]),
  ...inside('rangeNotSatisfiable', ['attachments/ranges'], (it) => [it.property('Content-Range').remove()]),
  ...inside('invalidCredentials', ['auth/login'], (it) => [it.property('WWW-Authenticate').remove()]),
  ...inside('toServiceError', ['http/failures'], (it) => [
    it.call('internalError').replaceWith("new ServiceError(500, 'internal_error', String(error))"),
    it.call('fromDbError').replaceWith("new ServiceError(503, 'unavailable', $1.message)"),
  ]),
  ...inside('errorResponse', ['access/revocation', 'http/check-order', 'http/failures'], (it) => [
    it.returned().replaceWith('c.json(errorBody(error, originOf(c), requestId), error.status, headers)'),
  ]),
  ...inside('originOf', ['http/require-https'], (it) => [it.operator('??').part(1).remove()]),
  ...inside('onError', ['http/logging'], (it) => [it.condition(1, 2).enclosingStatement().remove()]),
  ...inside('putStream', ['http/logging'], (it) => [it.operator('||').part(2).remove()]),
  ...inside('copy', ['http/logging'], (it) => [it.reference('disconnected').replaceWith('() => undefined')]),
  ...inside('bodyChunks', ['http/logging'], (it) => [it.call('catch', 1, 2).replaceWith('reader.read()')]),
  ...inside('requestLog', ['http/logging'], (it) => [it.call('routePath').replaceWith('$1.req.path')]),
  ...inside('describeFailure', ['http/failures'], (it) => [
    it.returned(4, 4).replaceWith('{ $1, $2, message: failure.message }'),
  ]),
  ...inside('toDbError', ['http/failures'], (it) => [
    it.literal('unavailable').enclosingStatement().call('DbError').replaceWith('Object.assign($0, { name: message })'),
  ]),
]
