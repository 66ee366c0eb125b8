import document from '../../../openapi.json' with { type: 'json' }
import { differencesFromShown } from './documents.ts'

/**
 * The guides describe error bodies with `documentation_url`, `request_id` and a `code` of each detail. As long as the
 * service does not send them, only codes and fields are compared.
 */
export const HAS_COMPLETE_ERRORS = 'documentation_url' in document.components.schemas.Error.properties.error.properties

export function differencesFromGuide(shown: unknown, actual: unknown): string[] {
  if (HAS_COMPLETE_ERRORS) return differencesFromShown(shown, actual)
  return differencesFromShown(withoutAdditions(shown), withoutAdditions(actual))
}

interface ErrorBody {
  error: { code: string; details: { field: string }[] }
}

export function withoutAdditions(body: unknown): unknown {
  if (!isError(body)) return body
  const { code, details } = body.error
  return { error: { code, message: '', details: details.map(({ field }) => ({ field, message: '' })) } }
}

function isError(body: unknown): body is ErrorBody {
  return (
    typeof body === 'object' &&
    body !== null &&
    'error' in body &&
    typeof body.error === 'object' &&
    body.error !== null
  )
}
