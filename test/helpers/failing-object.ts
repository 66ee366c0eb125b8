import { type DurableObject, env } from 'cloudflare:workers'
import { vi } from 'vitest'
import type { LoginThrottle } from '../../src/access/durable-objects/login-throttle'
import type { RateLimiter } from '../../src/access/durable-objects/rate-limiter'
import type { Sweeper } from '../../src/jobs/sweeper'

interface Objects {
  RATE_LIMITER: RateLimiter
  LOGIN_THROTTLE: LoginThrottle
  SWEEPER: Sweeper
}

/** Every method of the service's Durable Objects, such as `SWEEPER.ensureScheduled`. */
export type ObjectCall = {
  [B in keyof Objects]: `${B}.${Exclude<keyof Objects[B] & string, keyof DurableObject>}`
}[keyof Objects]

/** An error in place of the call, or after it has taken effect. */
export interface Failure {
  error: Error
  isAfterEffect?: boolean
}

/** Errors with the properties that the platform sets. */
export const ERRORS = {
  restarted: () => Object.assign(new Error('Network connection lost.'), { retryable: true }),
  overloaded: () => Object.assign(new Error('Durable Object is overloaded.'), { retryable: true, overloaded: true }),
  thrownInside: () => Object.assign(new Error('no such column: secret'), { remote: true }),
}

/**
 * Makes calls to a Durable Object fail if `failureOf` returns a failure for their number (from 0), until the mocks are
 * restored. Retries do not wait. Returns the stubs that were called and the waits.
 */
export function breakObject(name: ObjectCall, failureOf: (index: number) => Failure | undefined) {
  const [binding, method] = name.split('.') as [keyof Objects, string]
  const namespace: DurableObjectNamespace = env[binding]
  const waits = vi.spyOn(scheduler, 'wait').mockResolvedValue(undefined)
  const stubs: object[] = []
  const getByName = namespace.getByName.bind(namespace)
  vi.spyOn(namespace, 'getByName').mockImplementation((objectName) => {
    const stub = getByName(objectName)
    return new Proxy(stub, {
      get(target, property) {
        const call = Reflect.get(target, property)
        if (property !== method) return call
        return async (...args: unknown[]) => {
          const failure = failureOf(stubs.push(stub) - 1)
          if (failure && !failure.isAfterEffect) throw failure.error
          const result = await Reflect.apply(call, target, args)
          if (failure) throw failure.error
          return result
        }
      },
    })
  })
  return { stubs, waits: () => waits.mock.calls.map(([milliseconds]) => milliseconds) }
}
