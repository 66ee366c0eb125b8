import { ORIGIN, type TestResponse } from './api'

/** The members at the end of every error body. */
export function errorLinks(code: string, { headers }: Pick<TestResponse, 'headers'>, origin = ORIGIN) {
  return { documentation_url: `${origin}/docs/guides/errors#${code}`, request_id: headers.get('X-Request-Id') }
}
