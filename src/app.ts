import { OpenAPIHono } from '@hono/zod-openapi'
import { Hono } from 'hono'
import { methodNotAllowed } from 'hono/method-not-allowed'
import { requestId } from 'hono/request-id'
import { countUnroutedRequests } from './access/middleware'
import { rateHeaders } from './access/rate-limit-headers'
import { registerAccountRoutes } from './accounts/routes'
import { registerApiKeyRoutes } from './api-keys/routes'
import { registerFileRoutes } from './attachments/file-routes'
import { registerAttachmentRoutes } from './attachments/routes'
import { registerAuthRoutes } from './auth/routes'
import { registerCommentRoutes } from './comments/routes'
import { openApiDocument } from './docs/document'
import { registerDocumentRoute } from './docs/document-routes'
import { registerDocsRoutes } from './docs/routes'
import { registerSecurityTxt } from './docs/security-txt'
import { registerEventRoutes } from './events/routes'
import { registerHealthRoutes } from './health/routes'
import type { AppEnv } from './http/app-env'
import { methodNotAllowedResponse, onError, routeNotFoundResponse } from './http/error-handler'
import { requestLog } from './http/middleware/request-log'
import { requireHttps } from './http/middleware/require-https'
import { preflights, securityHeaders } from './http/middleware/security-headers'
import { rejectInvalid } from './http/validation-hook'
import { registerTicketRoutes } from './tickets/routes'
import { registerUserRoutes } from './users/routes'
import { registerDeliveryRoutes } from './webhooks/delivery-routes'
import { registerWebhookRoutes } from './webhooks/routes'

/** Both serve version 1. */
export const PREFIXES = ['/api/v1', '/ticketing/v1'] as const

/**
 * A request passes the middleware in this order, and its response in reverse. The route then checks, in this order: who calls,
 * may they, is the request valid.
 */
export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>()
  const v1 = createV1()
  const root = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid })
  registerHealthRoutes(root)
  registerFileRoutes(root)
  registerDocumentRoute(root, () => openApiDocument(v1, root))

  app.use(requestId())
  app.use(requestLog)
  app.use(securityHeaders)
  app.use(requireHttps)
  app.use(preflights)
  app.use(rateHeaders)
  for (const prefix of ['/api/*', '/ticketing/*']) app.use(prefix, countUnroutedRequests)
  app.use(methodNotAllowed({ app, onMethodNotAllowed: methodNotAllowedResponse }))

  app.route('/', root)
  for (const prefix of PREFIXES) app.route(prefix, v1)
  registerDocsRoutes(app)
  registerSecurityTxt(app)

  app.notFound((c) => routeNotFoundResponse(c, app.routes))
  app.onError(onError)
  return app
}

export function createV1(): OpenAPIHono<AppEnv> {
  const v1 = new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid })
  registerAuthRoutes(v1)
  registerAccountRoutes(v1)
  registerUserRoutes(v1)
  registerApiKeyRoutes(v1)
  registerTicketRoutes(v1)
  registerCommentRoutes(v1)
  registerAttachmentRoutes(v1)
  registerEventRoutes(v1)
  registerWebhookRoutes(v1)
  registerDeliveryRoutes(v1)
  return v1
}
