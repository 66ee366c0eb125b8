import { detail } from '../core/error-details'
import { type ApiError, conflict, validationError } from '../core/errors'

const RETRY_AFTER_SECONDS = 5

export function tooManyWebhooks(): ApiError {
  const message = 'The account has reached its limit of webhooks; delete one first'
  return conflict([{ field: 'url', message, code: 'too_many' }])
}

export function urlTaken(): ApiError {
  return conflict([detail(['url'], 'already_exists', 'is already used by another webhook')])
}

/** 422. `rule` follows the name of the field. */
export function urlRejected(rule: string): ApiError {
  return validationError([detail(['url'], 'not_allowed', rule)])
}

export function webhookInactive(): ApiError {
  return conflict([detail(['webhook_id'], 'not_allowed', 'must be an active webhook')])
}

/** 409: a webhook has at most one pending replay. */
export function replayInProgress(): ApiError {
  const details = [detail(['webhook_id'], 'not_allowed', 'has a replay that is still being prepared; retry later')]
  return conflict(details, RETRY_AFTER_SECONDS)
}

export function replayTooLarge(): ApiError {
  return validationError([detail(['since'], 'too_many', 'must be later: a replay sends at most 10,000 events')])
}
