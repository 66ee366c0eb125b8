import { samplesOf } from '../../../scripts/docs-site/code-samples.ts'
import { OPERATIONS, type Operation } from '../../../scripts/docs-site/operations.ts'

const ORDER = ['GET', 'POST', 'PATCH', 'DELETE']
const ENDS_TOKEN = ['changePassword', 'logout']
const rank = ({ id, method }: Operation) => 10 * (ENDS_TOKEN.indexOf(id) + 1) + ORDER.indexOf(method)

/** Operations with code samples. Reads come first, so that nothing they need is deleted; operations that end the token come last. */
export const REQUESTS = OPERATIONS.filter(({ isWebhook }) => !isWebhook).toSorted((a, b) => rank(a) - rank(b))

/** Errors because the demo data has no such resource or does not allow it, not because the request is wrong. */
export const ERRORS_OF_DATA = ['not_found', 'forbidden', 'conflict', 'invalid_credentials']

export function sourceOf(operation: Operation, label: string, origin: string): string {
  const source = samplesOf(operation).find((sample) => sample.label === label)?.source ?? ''
  return source.replaceAll('__ORIGIN__', origin)
}
