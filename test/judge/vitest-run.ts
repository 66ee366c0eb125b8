import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Order, Run } from './runner.ts'

export type { Result, Run } from './runner.ts'

/** Vitest at work in a copy: see `runner.ts`. */
export class Vitest {
  private readonly child: ChildProcess
  private readonly changed = new Set<string>()
  private readonly ended: Promise<unknown>
  private said = ''

  private constructor(child: ChildProcess) {
    this.child = child
    this.ended = once(child, 'exit')
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
    const [first] = await vitest.nextMessage()
    if (first !== 'ready') throw new Error(`vitest has ended: ${vitest.said}`)
    return vitest
  }

  /** Has it know that a file of source was written. */
  hasChanged(file: string): void {
    this.changed.add(file)
  }

  /** Runs test files one after the other; if `tests` are named, those alone. */
  async run(files: string[], tests: string[] = []): Promise<Run> {
    const order: Order = { files, tests, changed: [...this.changed] }
    this.changed.clear()
    if (this.child.connected) this.child.send(order)
    const [run]: Run[] = await this.nextMessage()
    return run ?? { results: [], broken: `vitest has ended: ${this.said}` }
  }

  /** What it says next; nothing once it has ended. */
  private async nextMessage<Message>(): Promise<Message[]> {
    const listening = new AbortController()
    const message = once(this.child, 'message', { signal: listening.signal })
    message.catch(() => undefined)
    const found = await Promise.race([message, this.ended.then(() => [])])
    listening.abort()
    return found
  }

  /** Ends it. */
  stop(): void {
    if (this.child.connected) this.child.disconnect()
  }
}
