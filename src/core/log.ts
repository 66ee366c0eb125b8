import { ConfigError } from './config'

/** One JSON line. Callers pass no secret, no search text and no body. */
export function writeLog(level: 'info' | 'error', entry: Record<string, unknown>): void {
  const line = JSON.stringify({ level, ...entry })
  if (level === 'error') console.error(line)
  else console.info(line)
}

/**
 * One line for a failure that no caller is told of, for something else makes up for it. `part` says what failed; `more`
 * may say for whom, and holds no secret.
 */
export function logFailure(part: string, failure: unknown, more: Record<string, unknown> = {}): void {
  writeLog('error', { failed: part, ...more, failure: describeFailure(failure) })
}

/**
 * An unexpected error by class and place, for its message may hold what must not be logged. What is wrong with the
 * configuration is said without its values.
 */
export function describeFailure(thrown: unknown): Record<string, string> {
  const failure = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (failure instanceof ConfigError) return { error: failure.name, message: failure.message }
  if (!(failure instanceof Error)) return { error: typeof failure, at: '' }
  const at = failure.stack?.split('\n').find((entry) => /^\s+at /.test(entry)) ?? ''
  return { error: failure.name, at: at.trim() }
}
