import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Message, Order, Run, TestResult } from './vitest-process.ts'

export type { Run, TestResult } from './vitest-process.ts'

/** Vitest running in a copy of the project: see `vitest-process.ts`. */
export class Vitest {
  private readonly child: ChildProcess
  private readonly changed = new Set<string>()
  private readonly exited: Promise<unknown>
  private output = ''
  private readonly listeners = new Set<(message: Message) => void>()

  private constructor(child: ChildProcess) {
    this.child = child
    this.exited = once(child, 'exit')
    child.on('message', (message: Message) => {
      for (const listener of this.listeners) listener(message)
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.output = (this.output + chunk.toString()).slice(-2_000)
      })
  }

  /** With `bail`, a run ends at the first test that fails. Throws if Vitest does not start. */
  static async start(root: string, { bail }: { bail: boolean }): Promise<Vitest> {
    const child = fork(join(root, 'quality/mutation/vitest-process.ts'), {
      cwd: root,
      execArgv: [],
      env: {
        ...process.env,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        MUTATION_BAIL: String(bail),
        MUTATION_CACHE: join(root, 'cache'),
        VITEST: 'true',
        NODE_ENV: 'test',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const vitest = new Vitest(child)
    const isReady = await vitest.receive((message) => (message === 'ready' ? true : undefined))
    if (!isReady) throw new Error(`vitest has ended: ${vitest.output}`)
    return vitest
  }

  hasChanged(file: string): void {
    this.changed.add(file)
  }

  /** Runs test files one after the other, or only the named tests in them. Reports each result as it comes. */
  async run(files: string[], tests: string[] = [], report: (test: TestResult) => void = () => undefined): Promise<Run> {
    const order: Order = { files, tests, changed: [...this.changed] }
    this.changed.clear()
    if (this.child.connected) this.child.send(order)
    const run = await this.receive((message) => {
      if (message === 'ready') return undefined
      if ('run' in message) return message.run
      report(message.test)
      return undefined
    })
    return run ?? { tests: [], broken: `vitest has ended: ${this.output}` }
  }

  /** Waits for a message that `read` returns a value for; undefined if the process exits first. */
  private async receive<Value>(read: (message: Message) => Value | undefined): Promise<Value | undefined> {
    let listener: (message: Message) => void = () => undefined
    const received = new Promise<Value>((resolve) => {
      listener = (message) => {
        const value = read(message)
        if (value !== undefined) resolve(value)
      }
    })
    this.listeners.add(listener)
    try {
      return await Promise.race([received, this.exited.then(() => undefined)])
    } finally {
      this.listeners.delete(listener)
    }
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  stop(): void {
    if (this.child.connected) this.child.disconnect()
  }
}
