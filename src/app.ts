import { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { countUnroutedRequests } from './access/middleware'
import { rateHeaders } from './access/rate-limit-headers'
import { addAccountRoutes } from './accounts/routes'
import { addApiKeyRoutes } from './api-keys/routes'
import { addFileRoutes } from './attachments/file-routes'
import { addAttachmentRoutes } from './attachments/routes'
import { addAuthRoutes } from './auth/routes'
import { addCommentRoutes } from './comments/routes'
import { openApiDocument } from './docs/document'
import { addDocumentRoute } from './docs/document-routes'
import { addDocsRoutes } from './docs/routes'
import { addEventRoutes } from './events/routes'
import { addHealthRoutes } from './health/routes'
import type { AppEnv } from './http/app-env'
import { answerError, answerMethodNotAllowed, answerNotFound } from './http/error-handler'
import { requestLog } from './http/middleware/request-log'
import { requireHttps } from './http/middleware/require-https'
import { preflights, securityHeaders } from './http/middleware/security-headers'
import { refuseInvalid } from './http/validation-hook'
import { addTicketRoutes } from './tickets/routes'
import { addUserRoutes } from './users/routes'
import { addDeliveryRoutes } from './webhooks/delivery-routes'
import { addWebhookRoutes } from './webhooks/routes'

/** Where version 1 answers. */
export const PREFIXES = ['/api/v1', '/ticketing/v1'] as const

/**
 * The whole service. A request goes down through the middleware in this order and its answer comes back up; the route
 * it meets checks, in order: who is it, may it, is the request well-formed.
 */
export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  const v1 = createV1()
  const root = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  addHealthRoutes(root)
  addFileRoutes(root)
  addDocumentRoute(root, () => openApiDocument(v1, root))

  app.use(requestId())
  app.use(requestLog)
  app.use(securityHeaders)
  app.use(requireHttps)
  app.use(preflights)
  app.use(rateHeaders)
  for (const prefix of ['/api/*', '/ticketing/*']) app.use(prefix, countUnroutedRequests)
  app.use(methodNotAllowed({ app, onMethodNotAllowed: answerMethodNotAllowed }))

  app.route('/', root)
  for (const prefix of PREFIXES) app.route(prefix, v1)
  addDocsRoutes(app)

  app.notFound(answerNotFound)
  app.onError(answerError)
  return app
}

/** Version 1 of the API. A later version is another function, next to this one. */
export function createV1(): OpenAPIHono<AppEnv> {
  const v1 = new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })
  addAuthRoutes(v1)
  addAccountRoutes(v1)
  addUserRoutes(v1)
  addApiKeyRoutes(v1)
  addTicketRoutes(v1)
  addCommentRoutes(v1)
  addAttachmentRoutes(v1)
  addEventRoutes(v1)
  addWebhookRoutes(v1)
  addDeliveryRoutes(v1)
  return v1
}
