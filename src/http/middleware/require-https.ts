import type { MiddlewareHandler } from 'hono'
import { configOf } from '../../core/config'
import { httpsRequired } from '../../core/errors'
import type { AppEnv } from '../app-env'

/**
 * Refuses plain HTTP where the service has an https origin, before a credential is read or anything is counted. It does
 * not redirect: clients would follow, and nobody would notice that a credential was sent unencrypted. Preflights are
 * refused too, so that a browser does not send the request. Throws `ConfigError` where the service is not configured.
 */
export const requireHttps: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { publicOrigin } = configOf(c.env)
  if (publicOrigin?.startsWith('https:') && !c.req.url.startsWith('https:')) throw httpsRequired(publicOrigin)
  await next()
}
