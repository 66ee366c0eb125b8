import { env } from 'cloudflare:workers'
import { vi } from 'vitest'
import { sessions } from '../../test/helpers/d1'

/** How a call fails: before it has done anything, or when it has done it and its answer is lost. */
export type FaultKind = 'refuses' | 'loses its answer'

/** A call of the service to something it stands on: `D1 batch`, `R2 put`, `RATE_LIMITER admit`. */
interface Call {
  name: string
  /** Whether it changes anything, so that it matters if its answer is lost. */
  writes: boolean
}

const SLOWNESS_MS = 20
const READS = new Set(['R2 get', 'R2 head', 'RATE_LIMITER ping'])

/** Never to be seen in an answer or a log. */
export const SECRET_OF_FAULTS = 'SELECT password_hash FROM users'

/**
 * Stands between the service and all that it stands on, until the mocks are restored: D1, R2, the queue and the Durable
 * Objects, and what those ask D1. The queue takes messages and delivers none; the sweeper is told to wake and does not.
 */
export class FaultLayer {
  private calls: Call[] = []
  private broken: (index: number) => FaultKind | 'is slow' | null = () => null

  constructor() {
    this.watchDatabase()
    this.watchFiles()
    this.watchQueue()
    this.watchObjects()
  }

  /** Runs some work while calls fail as told; gives the calls that it made, in their order. */
  async during(broken: (index: number) => FaultKind | 'is slow' | null, work: () => Promise<unknown>): Promise<Call[]> {
    this.calls = []
    this.broken = broken
    try {
      await work()
    } finally {
      this.broken = () => null
    }
    return this.calls
  }

  private async pass<T>(name: string, act: () => T | Promise<T>, writes = !READS.has(name)): Promise<T> {
    const kind = this.broken(this.calls.push({ name, writes }) - 1)
    if (kind === 'is slow') await scheduler.wait(SLOWNESS_MS)
    if (kind === 'refuses') throw new Error(`${name} refuses: ${SECRET_OF_FAULTS}`)
    const result = await act()
    if (kind === 'loses its answer') throw new Error(`${name} is lost: ${SECRET_OF_FAULTS}`)
    return result
  }

  private watchDatabase(): void {
    const layer = this
    const batch: (statements: D1PreparedStatement[]) => Promise<D1Result<never>[]> = sessions.batch
    vi.spyOn(sessions, 'batch').mockImplementation(function (this: D1DatabaseSession, statements) {
      const writes = statements.some((statement) => !/^\s*SELECT/.test(String(Reflect.get(statement, 'statement'))))
      return layer.pass('D1 batch', () => batch.call(this, statements), writes)
    })
  }

  private watchFiles(): void {
    for (const name of ['put', 'get', 'head', 'delete'] as const) {
      const method: (...args: never[]) => Promise<unknown> = env.FILES[name].bind(env.FILES)
      vi.spyOn(env.FILES, name).mockImplementation(((...args: never[]) =>
        this.pass(`R2 ${name}`, () => method(...args))) as never)
    }
  }

  private watchQueue(): void {
    for (const name of ['send', 'sendBatch'] as const)
      vi.spyOn(env.WEBHOOKS, name).mockImplementation(() => this.pass(`queue ${name}`, () => undefined as never))
  }

  private watchObjects(): void {
    for (const namespace of ['RATE_LIMITER', 'LOGIN_THROTTLE'] as const) {
      const getByName: (name: string) => object = env[namespace].getByName.bind(env[namespace])
      vi.spyOn(env[namespace], 'getByName').mockImplementation(((name: string) =>
        this.watched(namespace, getByName(name))) as never)
    }
    const ensureScheduled = () => this.pass('SWEEPER ensureScheduled', () => undefined)
    vi.spyOn(env.SWEEPER, 'getByName').mockReturnValue({ ensureScheduled } as never)
  }

  private watched(namespace: string, stub: object): object {
    return new Proxy(stub, {
      get: (target, property) => {
        const method = Reflect.get(target, property)
        if (typeof method !== 'function') return method
        return (...args: unknown[]) =>
          this.pass(`${namespace} ${String(property)}`, () => Reflect.apply(method, target, args))
      },
    })
  }
}
