import type { MiddlewareHandler } from 'hono'
import { configOf } from '../../core/config'
import { httpsRequired } from '../../core/errors'
import type { AppEnv } from '../app-env'

/**
 * Rejects plain HTTP if the service has an https origin. It does not redirect: clients would follow without notice, and send
 * credentials unencrypted each time. It also rejects preflights, so that browsers do not send the request. Throws `ConfigError`.
 */
export const requireHttps: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { publicOrigin } = configOf(c.env)
  if (publicOrigin?.startsWith('https:') && !c.req.url.startsWith('https:')) throw httpsRequired(publicOrigin)
  await next()
}
