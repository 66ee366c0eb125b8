import { isOverloaded } from '../lib/retry'
import { ConfigError } from './config'

/** Writes one JSON line. Never pass secrets, search texts or bodies. */
export function writeLog(level: 'info' | 'error', entry: Record<string, unknown>): void {
  const line = JSON.stringify({ level, ...entry })
  if (level === 'error') console.error(line)
  else console.info(line)
}

/** For a failure that no response reports. `context` must not contain secrets. */
export function logFailure(task: string, failure: unknown, context: Record<string, unknown> = {}): void {
  writeLog('error', { failed: task, ...context, failure: describeFailure(failure) })
}

interface FailureDescription {
  error: string
  at?: string
  message?: string
  /** Only set if a store or an object of Cloudflare has rejected the call because it has too many. */
  overloaded?: true
}

/** The class and the position in the source: a message may contain data, except for that of `ConfigError`. */
export function describeFailure(thrown: unknown): FailureDescription {
  const failure = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  if (failure instanceof ConfigError) return { error: failure.name, message: failure.message }
  if (!(failure instanceof Error)) return { error: typeof failure, at: '' }
  const at = failure.stack?.split('\n').find((entry) => /^\s+at /.test(entry)) ?? ''
  return { error: failure.name, at: at.trim(), ...(isOverloaded(failure) && { overloaded: true }) }
}
