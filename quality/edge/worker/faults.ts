/**
 * Makes bindings fail now and then as they do in production. A fault is either that of a call without effect, or that of a
 * call that takes effect and loses its response.
 */

/** https://developers.cloudflare.com/d1/observability/debug-d1/#error-list: those with "Retry the operation". */
export const D1_MESSAGES = [
  'D1_ERROR: D1 DB reset because its code was updated.',
  'D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.',
  'D1_ERROR: Network connection lost.',
  'D1_ERROR: Internal error in D1 DB storage caused object to be reset.',
  'D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.',
]

/** https://developers.cloudflare.com/durable-objects/observability/troubleshooting/ */
export const OBJECT_MESSAGES = [
  'Durable Object reset because its code was updated.',
  'Connection closed: this Durable Object instance is no longer active. Reconnect or retry the request.',
  'Network connection lost.',
]

/** Every `every`th call fails; of these, every second one after it took effect. */
export class FaultPlan {
  private calls = 0
  private faults = 0

  constructor(
    private readonly every: number,
    private readonly messages: readonly string[],
  ) {}

  /** Null for a call that does not fail. */
  next(): { message: string; takesEffect: boolean } | null {
    this.calls += 1
    if (this.every === 0 || this.calls % this.every !== 0) return null
    const message = this.messages[this.faults % this.messages.length] ?? ''
    this.faults += 1
    return { message, takesEffect: this.faults % 2 === 0 }
  }
}

/**
 * Only statements that write fail: D1 itself repeats reads that fail with these errors.
 * https://developers.cloudflare.com/d1/best-practices/retry-queries/
 */
export function faultyDatabase(database: D1Database, plan: FaultPlan): D1Database {
  return withMethods(database, {
    withSession: (...args) => faultySession(database.withSession(...args), plan),
    batch: faultyBatch(database, plan),
  })
}

function faultySession(session: D1DatabaseSession, plan: FaultPlan): D1DatabaseSession {
  return withMethods(session, { batch: faultyBatch(session, plan) })
}

const texts = new WeakMap<D1PreparedStatement, string>()
const READS = /^\s*(SELECT|EXPLAIN|WITH)\b/i
