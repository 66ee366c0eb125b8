import type { Hook } from '@hono/zod-openapi'
import { detailsOf } from '../core/error-details'
import { invalidInput } from '../core/errors'
import type { AppEnv } from './app-env'

/** Throws 400 with a detail for each invalid field. */
export const rejectInvalid: Hook<unknown, AppEnv, string, unknown> = (result) => {
  if (!result.success) throw invalidInput(detailsOf(result.error, result.target))
}
