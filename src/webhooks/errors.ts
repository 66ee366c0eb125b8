import { detail } from '../core/error-details'
import { type ApiError, conflict, validationError } from '../core/errors'

const REPLAY_WAIT_SECONDS = 5

/** 409: the account has as many webhooks as its plan allows. */
export function tooManyWebhooks(): ApiError {
  return conflict([{ field: 'url', message: 'The plan has no room for one more webhook' }])
}

/** 409: each URL has one webhook. */
export function urlTaken(): ApiError {
  return conflict([detail(['url'], 'is already the URL of another webhook')])
}

/** 422: nothing is sent to such an address. `rule` says what it must be. */
export function urlRejected(rule: string): ApiError {
  return validationError([detail(['url'], rule)])
}

/** 409: nothing is sent to a webhook that is switched off. */
export function webhookInactive(): ApiError {
  return conflict([detail(['webhook_id'], 'must name an active webhook')])
}

/** 409: a replay is prepared in the background, one at a time for each webhook. */
export function replayInProgress(): ApiError {
  const message = 'The last replay of this webhook is still being prepared'
  return conflict([{ field: 'webhook_id', message }], REPLAY_WAIT_SECONDS)
}

/** 422: a replay is of at most 10,000 events. */
export function replayTooLarge(): ApiError {
  return validationError([detail(['since'], 'must be later: a replay sends at most 10,000 events')])
}
