import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Order, Result, Run, Said } from './runner.ts'

export type { Result, Run } from './runner.ts'

/** Vitest at work in a copy: see `runner.ts`. */
export class Vitest {
  private readonly child: ChildProcess
  private readonly changed = new Set<string>()
  private readonly ended: Promise<unknown>
  private said = ''
  private readonly listeners = new Set<(said: Said) => void>()

  private constructor(child: ChildProcess) {
    this.child = child
    this.ended = once(child, 'exit')
    child.on('message', (said: Said) => {
      for (const listener of this.listeners) listener(said)
    })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        this.said = (this.said + chunk.toString()).slice(-2_000)
      })
  }

  /** Starts it in a folder, to end a run at the first test that fails if `bail`. Throws where it does not start. */
  static async start(root: string, { bail }: { bail: boolean }): Promise<Vitest> {
    const child = fork(join(root, 'test/judge/runner.ts'), {
      cwd: root,
      execArgv: [],
      env: {
        ...process.env,
        CLOUDFLARE_CF_FETCH_ENABLED: 'false',
        JUDGE_BAIL: String(bail),
        JUDGE_CACHE: join(root, 'cache'),
        VITEST: 'true',
        NODE_ENV: 'test',
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    const vitest = new Vitest(child)
    const isReady = await vitest.hear((said) => (said === 'ready' ? true : undefined))
    if (!isReady) throw new Error(`vitest has ended: ${vitest.said}`)
    return vitest
  }

  /** Has it know that a file of source was written. */
  hasChanged(file: string): void {
    this.changed.add(file)
  }

  /** Runs test files one after the other; if `tests` are named, those alone. Tells of each result as it comes. */
  async run(files: string[], tests: string[] = [], note: (result: Result) => void = () => undefined): Promise<Run> {
    const order: Order = { files, tests, changed: [...this.changed] }
    this.changed.clear()
    if (this.child.connected) this.child.send(order)
    const run = await this.hear((said) => {
      if (said === 'ready') return undefined
      if ('run' in said) return said.run
      note(said.result)
      return undefined
    })
    return run ?? { results: [], broken: `vitest has ended: ${this.said}` }
  }

  /** Listens until something that is said gives a value; undefined where the process ends before. */
  private async hear<Value>(read: (said: Said) => Value | undefined): Promise<Value | undefined> {
    let listener: (said: Said) => void = () => undefined
    const heard = new Promise<Value>((resolve) => {
      listener = (said) => {
        const value = read(said)
        if (value !== undefined) resolve(value)
      }
    })
    this.listeners.add(listener)
    try {
      return await Promise.race([heard, this.ended.then(() => undefined)])
    } finally {
      this.listeners.delete(listener)
    }
  }

  /** Ends it. */
  stop(): void {
    if (this.child.connected) this.child.disconnect()
  }
}
