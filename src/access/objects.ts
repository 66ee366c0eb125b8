import type { Bindings } from '../core/config'

/**
 * An object of a namespace, in the jurisdiction of OBJECT_JURISDICTION. The variable is read without the rest of the configuration,
 * so that the sweeper also runs while the secret is missing. An object of another jurisdiction is another one.
 */
export function rateLimiterOf(env: Pick<Bindings, 'RATE_LIMITER' | 'OBJECT_JURISDICTION'>, name: string) {
  return within(env.RATE_LIMITER, env.OBJECT_JURISDICTION).getByName(name)
}

export function loginThrottleOf(env: Pick<Bindings, 'LOGIN_THROTTLE' | 'OBJECT_JURISDICTION'>, name: string) {
  return within(env.LOGIN_THROTTLE, env.OBJECT_JURISDICTION).getByName(name)
}

/** One sweeper serves all accounts. */
export function sweeperObjectOf(env: Pick<Bindings, 'SWEEPER' | 'OBJECT_JURISDICTION'>) {
  return within(env.SWEEPER, env.OBJECT_JURISDICTION).getByName('sweeper')
}

/** The local runtime has no jurisdictions, and rejects even an empty one. */
function within<T extends Rpc.DurableObjectBranded>(namespace: DurableObjectNamespace<T>, jurisdiction: string) {
  return jurisdiction ? namespace.jurisdiction(jurisdiction as DurableObjectJurisdiction) : namespace
}
