import { detail } from '../core/error-details'
import { type ApiError, conflict, validationError } from '../core/errors'

const RETRY_AFTER_SECONDS = 5

export function tooManyWebhooks(): ApiError {
  return conflict([{ field: 'url', message: 'The plan has no room for one more webhook' }])
}

export function urlTaken(): ApiError {
  return conflict([detail(['url'], 'is already the URL of another webhook')])
}

/** 422. `rule` follows the name of the field. */
export function urlRejected(rule: string): ApiError {
  return validationError([detail(['url'], rule)])
}

export function webhookInactive(): ApiError {
  return conflict([detail(['webhook_id'], 'must name an active webhook')])
}

/** 409: a webhook has at most one pending replay. */
export function replayInProgress(): ApiError {
  const message = 'The last replay of this webhook is still being prepared'
  return conflict([{ field: 'webhook_id', message }], RETRY_AFTER_SECONDS)
}

export function replayTooLarge(): ApiError {
  return validationError([detail(['since'], 'must be later: a replay sends at most 10,000 events')])
}
