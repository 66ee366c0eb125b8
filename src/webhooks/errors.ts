import { detail } from '../core/error-details'
import { conflict, type ServiceError, validationError } from '../core/errors'

const RETRY_AFTER_SECONDS = 5

export function tooManyWebhooks(): ServiceError {
  const message = 'The account has reached its limit of webhooks; delete one first'
  return conflict([{ field: 'url', message, code: 'too_many' }])
}

export function urlTaken(): ServiceError {
  return conflict([detail(['url'], 'already_exists', 'is already used by another webhook')])
}

/** 422. `rule` follows the name of the field. */
export function urlRejected(rule: string): ServiceError {
  return validationError([detail(['url'], 'not_allowed', rule)])
}

export function webhookInactive(): ServiceError {
  return conflict([detail(['webhook_id'], 'not_allowed', 'must be an active webhook')])
}

/** 409: a webhook has at most one pending replay. */
export function replayInProgress(): ServiceError {
  const details = [detail(['webhook_id'], 'not_allowed', 'has a replay that is still being prepared; retry later')]
  return conflict(details, RETRY_AFTER_SECONDS)
}

export function replayTooLarge(): ServiceError {
  return validationError([detail(['since'], 'too_many', 'must be later: a replay sends at most 10,000 events')])
}
