import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ConfigError } from '../core/config'
import { detail } from '../core/error-details'
import {
  ApiError,
  internalError,
  invalidInput,
  methodNotAllowed,
  notConfigured,
  notFound,
  unsupportedMediaType,
} from '../core/errors'
import { DbError } from '../db/errors'
import { fromDbError } from '../service/constraint-errors'
import type { AppEnv } from './app-env'
import { ClientDisconnected } from './middleware/body-reader'

/** For the log, by nginx's convention: no client receives it. */
const CLIENT_CLOSED_REQUEST = 499

/**
 * Any error becomes the contract's error body, without internals. `c.json` would keep headers, such as `ETag` and `Link`, of a
 * response that was built in advance and is discarded.
 */
export function onError(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof ClientDisconnected) return new Response(null, { status: CLIENT_CLOSED_REQUEST })
  const response = toApiError(error, c.req.url)
  c.set('errorCode', response.code)
  if (response.status >= 500) c.set('failure', error)
  const headers = { 'Content-Type': 'application/json', ...response.headers, 'X-Request-Id': c.var.requestId }
  return new Response(JSON.stringify(response), { status: response.status, headers })
}

function toApiError(error: unknown, url: string): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof ConfigError) return notConfigured(configurationMessage(error, url))
  if (error instanceof DbError) return fromDbError(error)
  if (error instanceof HTTPException && error.status === 400) return invalidInput([detail([], 'must be valid JSON')])
  if (error instanceof HTTPException && error.status === 415) return unsupportedMediaType('application/json')
  return internalError()
}

const LOCAL_HOST = /^(localhost|.+\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/

/** No deployed service has such a host: a developer has started `wrangler dev` in a fresh clone. */
function configurationMessage({ message, isSecretMissing }: ConfigError, url: string): string {
  if (!isSecretMissing || !LOCAL_HOST.test(new URL(url).hostname)) return message
  return `${message}. For local development run npm start once: it writes .dev.vars, applies the migrations and loads demo data`
}

const VERSION = /^\/(?:api|ticketing)\/(v\d+)(?:\/|$)/

export function notFoundResponse(c: Context<AppEnv>): Response {
  const version = VERSION.exec(c.req.path)?.[1]
  const error =
    version && version !== 'v1'
      ? new ApiError(404, 'not_found', `There is no version ${version} of this API; there is: v1`)
      : notFound()
  c.set('errorCode', error.code)
  return c.json(error.toJSON(), 404)
}

export function methodNotAllowedResponse(c: Context<AppEnv>, methods: string[]): Response {
  const error = methodNotAllowed(methods)
  c.set('errorCode', error.code)
  return c.json(error.toJSON(), error.status, error.headers)
}
