import type { Context, Hono } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { ConfigError, configOf } from '../core/config'
import { detail } from '../core/error-details'
import {
  errorBody,
  internalError,
  invalidInput,
  jsonRequired,
  methodNotAllowed,
  notConfigured,
  ServiceError,
} from '../core/errors'
import { DbError } from '../db/errors'
import { fromDbError } from '../service/constraint-errors'
import type { AppEnv } from './app-env'
import { ClientDisconnected } from './middleware/body-reader'
import { unknownRouteMessage } from './unknown-route'

/** For the log, by nginx's convention: no client receives it. */
const CLIENT_CLOSED_REQUEST = 499

/** Any error becomes the contract's error body, without internals. */
export function onError(error: unknown, c: Context<AppEnv>): Response {
  if (error instanceof ClientDisconnected) return new Response(null, { status: CLIENT_CLOSED_REQUEST })
  const response = toServiceError(error, c.req.url)
  if (response.status >= 500) c.set('failure', error)
  return errorResponse(c, response)
}

/** For a path without a route. */
export function routeNotFoundResponse(c: Context<AppEnv>, routes: Hono<AppEnv>['routes']): Response {
  const message = unknownRouteMessage(c.req.method, new URL(c.req.url).pathname, routes)
  return errorResponse(c, new ServiceError(404, 'not_found', message))
}

export function methodNotAllowedResponse(c: Context<AppEnv>, methods: string[]): Response {
  return errorResponse(c, methodNotAllowed(methods))
}

/** `c.json` would keep headers, such as `ETag` and `Link`, of a response that was built in advance and is discarded. */
function errorResponse(c: Context<AppEnv>, error: ServiceError): Response {
  const { requestId } = c.var
  c.set('errorCode', error.code)
  const headers = { 'Content-Type': 'application/json', ...error.headers, 'X-Request-Id': requestId }
  return new Response(JSON.stringify(errorBody(error, originOf(c), requestId)), { status: error.status, headers })
}

function originOf(c: Context<AppEnv>): string {
  const { origin } = new URL(c.req.url)
  try {
    return configOf(c.env).publicOrigin ?? origin
  } catch {
    // The error may be that of the configuration.
    return origin
  }
}

function toServiceError(error: unknown, url: string): ServiceError {
  if (error instanceof ServiceError) return error
  if (error instanceof ConfigError) return notConfigured(configurationMessage(error, url))
  if (error instanceof DbError) return fromDbError(error)
  if (error instanceof HTTPException && error.status === 400) {
    return invalidInput([detail([], 'invalid_format', 'must be valid JSON')])
  }
  if (error instanceof HTTPException && error.status === 415) return jsonRequired()
  return internalError()
}

const LOCAL_HOST = /^(localhost|.+\.localhost|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/

/** No deployed service has such a host: a developer has started `wrangler dev` in a fresh clone. */
function configurationMessage({ message, isSecretMissing }: ConfigError, url: string): string {
  if (!isSecretMissing || !LOCAL_HOST.test(new URL(url).hostname)) return message
  return `${message}. For local development run npm start once: it writes .dev.vars, applies the migrations and loads demo data`
}
