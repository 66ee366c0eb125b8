import { OpenAPIHono } from '@hono/zod-openapi'
import { addAccountRoutes } from './accounts/routes'
import { addApiKeyRoutes } from './api-keys/routes'
import { addAttachmentRoutes } from './attachments/routes'
import { addAuthRoutes } from './auth/routes'
import { addCommentRoutes } from './comments/routes'
import { addEventRoutes } from './events/routes'
import type { AppEnv } from './http/app-env'
import { refuseInvalid } from './http/validation-hook'
import { addTicketRoutes } from './tickets/routes'
import { addUserRoutes } from './users/routes'
import { addDeliveryRoutes } from './webhooks/delivery-routes'
import { addWebhookRoutes } from './webhooks/routes'

/** Version 1 of the API. A later version is a module beside this one. */
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
