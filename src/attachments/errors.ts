import { ApiError } from '../core/errors'

/** 403, the same for any ID: the address of a file does not hold. */
export function signatureRejected(): ApiError {
  return new ApiError(403, 'forbidden', 'This address is not signed, was altered or has expired')
}
