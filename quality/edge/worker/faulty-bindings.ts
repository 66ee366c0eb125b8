import type { Bindings } from '../../../src/core/config'
import { D1_MESSAGES, FaultPlan, OBJECT_MESSAGES, runWithFault } from './fault-plan'

/** How a Durable Object of `entry.ts` loses its memory, as in every deployment. */
export interface Resettable {
  reset(): void
}

/** Of an isolate, and therefore of the local server. */
const D1 = new FaultPlan(D1_MESSAGES)
const OBJECTS = new FaultPlan(OBJECT_MESSAGES)

/** Lets every `d1`th batch that writes and every `objects`th call of a Durable Object fail from now on. */
export function setFaults({ d1, objects }: { d1: number; objects: number }): void {
  D1.every = d1
  OBJECTS.every = objects
}

/** One set for each environment, because the configuration is parsed once for it. */
const faulty = new WeakMap<Bindings, Bindings>()

export function withFaults(env: Bindings): Bindings {
  const known = faulty.get(env)
  if (known) return known
  const bindings = {
    ...env,
    DB: faultyDatabase(env.DB),
    RATE_LIMITER: faultyNamespace(env.RATE_LIMITER),
    LOGIN_THROTTLE: faultyNamespace(env.LOGIN_THROTTLE),
    SWEEPER: faultyNamespace(env.SWEEPER),
  }
  faulty.set(env, bindings)
  return bindings
}

/**
 * Only batches that write fail: D1 itself repeats reads after these errors.
 * https://developers.cloudflare.com/d1/best-practices/retry-queries/
 */
function faultyDatabase(database: D1Database): D1Database {
  return withMethods<D1Database>(database, {
    batch: faultyBatch(database),
    withSession: (start) => {
      const session = database.withSession(start)
      return withMethods<D1DatabaseSession>(session, { batch: faultyBatch(session) })
    },
  })
}

function faultyBatch(database: D1Database | D1DatabaseSession): D1Database['batch'] {
  return (statements) => {
    const fault = statements.some(isWrite) ? D1.next() : null
    return runWithFault(
      fault,
      () => database.batch(statements),
      (message) => new Error(message),
    )
  }
}

function isWrite(statement: D1PreparedStatement): boolean {
  return !/^\s*SELECT\b/.test(String(Reflect.get(statement, 'statement')))
}

function faultyNamespace<T extends Rpc.DurableObjectBranded | undefined>(
  namespace: DurableObjectNamespace<T>,
): DurableObjectNamespace<T> {
  return withMethods<DurableObjectNamespace<T>>(namespace, {
    getByName: (name) => faultyStub(namespace.getByName(name)),
  })
}

/**
 * A stub that has thrown stays broken, and its errors have `retryable`:
 * https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
function faultyStub<T extends object>(stub: T): T {
  let broken: Error | null = null
  const call = (name: string, args: unknown[]) => Reflect.apply(methodOf(stub, name), stub, args)
  const reset = async (message: string) => {
    broken = Object.assign(new Error(message), { retryable: true, durableObjectReset: true })
    await Promise.resolve(call('reset', [])).catch(() => undefined)
    return broken
  }
  return new Proxy(stub, {
    get: (target, property) => {
      const method = Reflect.get(target, property)
      if (typeof method !== 'function' || typeof property === 'symbol') return method
      return async (...args: unknown[]) => {
        if (broken) throw broken
        return runWithFault(OBJECTS.next(), async () => call(property, args), reset)
      }
    },
  })
}

function methodOf(stub: object, name: string): (...args: unknown[]) => unknown {
  return Reflect.get(stub, name)
}

/** Native bindings only accept themselves as `this`. */
function withMethods<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (_, property) => {
      const value = Reflect.get(Object.hasOwn(methods, property) ? methods : target, property)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
