import { ServiceError } from '../core/errors'

/** 403, the same for any ID, so that IDs cannot be guessed. */
export function signatureRejected(): ServiceError {
  return new ServiceError(403, 'forbidden', 'The URL is not signed, was altered or has expired')
}
