import type { Hook } from '@hono/zod-openapi'
import type { AppEnv } from './app-env'
import { invalidInput } from './errors'
import { detailsOf } from './validation'

/** What the validators do with a request that does not fit: 400, with a detail for each field. */
export const refuseInvalid: Hook<unknown, AppEnv, string, unknown> = (result) => {
  if (!result.success) throw invalidInput(detailsOf(result.error, result.target))
}
