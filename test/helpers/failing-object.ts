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

/** Every call that a Durable Object of the service takes: `SWEEPER.ensureScheduled`. */
export type ObjectCall = {
  [B in keyof Objects]: `${B}.${Exclude<keyof Objects[B] & string, keyof DurableObject>}`
}[keyof Objects]

/** What becomes of a call: an error instead of it, or after it has taken effect. */
export interface Failure {
  error: Error
  isAfterEffect?: boolean
}

/** The errors of Durable Objects as the platform marks them. */
export const ERRORS = {
  restarted: () => Object.assign(new Error('Network connection lost.'), { retryable: true }),
  overloaded: () => Object.assign(new Error('Durable Object is overloaded.'), { retryable: true, overloaded: true }),
  thrownInside: () => Object.assign(new Error('no such column: secret'), { remote: true }),
}

/**
 * Lets a call to a Durable Object fail, wherever `failureOf` has a failure for it (counted from 0), until mocks are
 * restored. Waits between calls take no time. Returns the stubs that were called, and the waits.
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
