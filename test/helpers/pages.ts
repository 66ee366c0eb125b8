import { expect } from 'vitest'
import type { TestResponse } from './api'

/** The directives of a Content-Security-Policy. */
export function directives(policy: string | null): Record<string, string[]> {
  const parts = (policy ?? '').split('; ').map((part) => part.split(' '))
  return Object.fromEntries(parts.map(([name, ...sources]) => [name, sources]))
}

/** Requests that are not counted have no headers of rate limits. */
export function expectUncounted({ headers }: TestResponse): void {
  for (const name of headers.keys()) expect(name).not.toMatch(/ratelimit/i)
}
