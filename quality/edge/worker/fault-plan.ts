/** https://developers.cloudflare.com/d1/observability/debug-d1/#error-list: those with the action "Retry the operation". */
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
]

export interface Fault {
  message: string
  /** Whether the call takes effect before its response is lost. */
  takesEffect: boolean
}

/** Each `every`th call fails, in turn with each message, and in turn without and after its effect. */
export class FaultPlan {
  /** 0 for no faults. */
  every = 0
  private calls = 0
  private faults = 0

  constructor(private readonly messages: readonly string[]) {}

  /** Null for a call that does not fail. */
  next(): Fault | null {
    this.calls += 1
    if (this.every === 0 || this.calls % this.every !== 0) return null
    const message = this.messages[this.faults % this.messages.length] ?? ''
    this.faults += 1
    return { message, takesEffect: this.faults % 2 === 0 }
  }
}

/** Runs a call, or fails it as the plan says. */
export async function runWithFault<T>(
  fault: Fault | null,
  run: () => Promise<T>,
  toError: (message: string) => Promise<Error> | Error,
): Promise<T> {
  if (fault === null) return run()
  if (fault.takesEffect) await run()
  console.info(JSON.stringify({ level: 'info', injected_fault: fault.message, took_effect: fault.takesEffect }))
  throw await toError(fault.message)
}
