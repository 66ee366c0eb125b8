import type { Operation } from '../operations.ts'

/** The page replaces it by its own origin. */
export const ORIGIN = '__ORIGIN__'

/** The URL with the examples of the parameters. */
export function urlOf({ prefix, path, pathExamples, queryExamples }: Operation): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => pathExamples[name] ?? name)
  const query = new URLSearchParams(queryExamples).toString()
  return `${ORIGIN}${prefix}${filled}${query && `?${query}`}`
}

/** The environment variable with the credential; null if the operation needs none. */
export function credentialOf({ security }: Operation): 'TICKETING_TOKEN' | 'TICKETING_API_KEY' | null {
  if (security.length === 0) return null
  return security.includes('bearerApiKey') ? 'TICKETING_API_KEY' : 'TICKETING_TOKEN'
}

export function isJson({ body }: Operation): boolean {
  return body?.type === 'application/json'
}
