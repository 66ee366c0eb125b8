import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { sessions } from '../../test/helpers/d1'

/** Either the call has no effect, or it takes effect and its response is lost. */
export type FaultKind = 'rejects' | 'loses its response'

/** An error of the platform in the place of the response. */
interface PlatformFault {
  kind: FaultKind
  error: Error
}

type Fault = FaultKind | PlatformFault | 'is slow' | 'never settles' | null

/** The name is like `D1 batch`, `R2 put` or `RATE_LIMITER ping`. */
export interface Call {
  name: string
  writes: boolean
}

const SLOWNESS_MS = 20
/** D1 retries only batches without these. */
const WRITES = /\b(INSERT|UPDATE|DELETE)\b/
const READS = new Set(['R2 get', 'R2 head', 'RATE_LIMITER ping', 'ASSETS fetch'])

/** Must not appear in a response or a log. */
export const FAULT_SECRET = 'SELECT password_hash FROM users'

/**
 * Intercepts the service's calls to D1, R2, the queue and Durable Objects, and the Durable Objects' calls to D1, until
 * the mocks are restored. The queue accepts messages without delivering them; the sweeper does not run.
 */
export class FaultLayer {
  private calls: Call[] = []
  private faultAt: (index: number, call: Call) => Fault = () => null

  constructor() {
    this.watchDatabase()
    this.watchFiles()
    this.watchQueue()
    this.watchObjects()
    this.watchAssets()
  }

  async during(faultAt: (index: number, call: Call) => Fault, work: () => Promise<unknown>): Promise<Call[]> {
    this.calls = []
    this.faultAt = faultAt
    try {
      await work()
    } finally {
      this.faultAt = () => null
    }
    return this.calls
  }

  private async intercept<T>(name: string, run: () => T | Promise<T>, writes = !READS.has(name)): Promise<T> {
    const call = { name, writes }
    const fault = this.faultAt(this.calls.push(call) - 1, call)
    const kind = typeof fault === 'object' ? fault?.kind : fault
    const error = typeof fault === 'object' && fault ? fault.error : new Error(`${name} ${kind}: ${FAULT_SECRET}`)
    if (kind === 'is slow') await scheduler.wait(SLOWNESS_MS)
    if (kind === 'never settles') return new Promise<never>(() => undefined)
    if (kind === 'rejects') throw error
    const result = await run()
    if (kind === 'loses its response') throw error
    return result
  }

  private watchDatabase(): void {
    const layer = this
    const batch: (statements: D1PreparedStatement[]) => Promise<D1Result<never>[]> = sessions.batch
    vi.spyOn(sessions, 'batch').mockImplementation(function (this: D1DatabaseSession, statements) {
      const writes = statements.some((statement) => WRITES.test(String(Reflect.get(statement, 'statement'))))
      return layer.intercept('D1 batch', () => batch.call(this, statements), writes)
    })
  }

  private watchFiles(): void {
    for (const name of ['put', 'get', 'head', 'delete'] as const) {
      const method: (...args: never[]) => Promise<unknown> = env.FILES[name].bind(env.FILES)
      vi.spyOn(env.FILES, name).mockImplementation(((...args: never[]) =>
        this.intercept(`R2 ${name}`, () => method(...args))) as never)
    }
  }

  private watchQueue(): void {
    for (const name of ['send', 'sendBatch'] as const)
      vi.spyOn(env.WEBHOOKS, name).mockImplementation(() => this.intercept(`queue ${name}`, () => undefined as never))
  }

  private watchAssets(): void {
    const fetchAsset = env.ASSETS.fetch.bind(env.ASSETS)
    vi.spyOn(env.ASSETS, 'fetch').mockImplementation((...args: Parameters<typeof fetchAsset>) =>
      this.intercept('ASSETS fetch', () => fetchAsset(...args)),
    )
  }

  private watchObjects(): void {
    for (const namespace of ['RATE_LIMITER', 'LOGIN_THROTTLE'] as const) {
      const getByName: (name: string) => object = env[namespace].getByName.bind(env[namespace])
      vi.spyOn(env[namespace], 'getByName').mockImplementation(((name: string) =>
        this.watched(namespace, getByName(name))) as never)
    }
    const ensureScheduled = () => this.intercept('SWEEPER ensureScheduled', () => undefined)
    vi.spyOn(env.SWEEPER, 'getByName').mockReturnValue({ ensureScheduled } as never)
  }

  private watched(namespace: string, stub: object): object {
    return new Proxy(stub, {
      get: (target, property) => {
        const method = Reflect.get(target, property)
        if (typeof method !== 'function') return method
        return (...args: unknown[]) =>
          this.intercept(`${namespace} ${String(property)}`, () => Reflect.apply(method, target, args))
      },
    })
  }
}

export function isDatabaseWrite({ name, writes }: Call): boolean {
  return name === 'D1 batch' && writes
}

/** For `FaultLayer.during`: fails the writes to D1 with these numbers, from 0. */
export function failWrites(kind: FaultKind, error: () => Error, fails: (write: number) => boolean) {
  let write = -1
  return (_index: number, call: Call) => {
    if (!isDatabaseWrite(call)) return null
    write += 1
    return fails(write) ? { kind, error: error() } : null
  }
}
