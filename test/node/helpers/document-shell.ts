import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import type { Example } from './documents.ts'

/** What the shell examples of a document came to: for each, what it printed and how many of its requests failed. */
export interface ShellRun {
  outcomes: { printed: string; failed: number }[]
  /** What commands in the background have printed. */
  background(): string
  /** What went wrong beside requests; empty where nothing did. */
  trouble: string
  end(): void
}

const MARK = '\u001e'

/** A request that fails is counted (on descriptor 3), also where its answer goes into a variable. */
const PRELUDE = `set -e
curl() { command curl --fail-with-body --show-error "$@" || echo "$EXAMPLE" >&3; }
`

/** Runs the examples of a document one after the other in one shell, in the project's folder. */
export async function runInShell(examples: Example[], rewrite: (code: string) => string): Promise<ShellRun> {
  const script = examples
    .map(({ code }, index) => `EXAMPLE=${index}\n${inBackground(rewrite(code))}\nprintf '\\036'\n`)
    .join('')
  const shell = spawn('sh', ['-c', PRELUDE + script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
    // A group of its own, so that what it leaves in the background ends with it.
    detached: true,
  })
  const [printed, complaints, failures, background] = [1, 2, 3, 4].map((descriptor) => collect(shell, descriptor))
  const [code] = await once(shell, 'exit')
  const failed = failures?.().trim().split('\n') ?? []
  return {
    outcomes: (printed?.() ?? '')
      .split(MARK)
      .slice(0, -1)
      .map((text, index) => ({ printed: text, failed: failed.filter((one) => one === String(index)).length })),
    background: () => background?.() ?? '',
    trouble: code === 0 ? '' : `the shell ended with ${code}: ${complaints?.()}`,
    end: () => endGroup(shell),
  }
}

/** What a command in the background prints belongs to no example. */
function inBackground(code: string): string {
  return code.replace(/^(.*[^&\s])\s*&\s*(#.*)?$/gm, '$1 >&4 2>&4 &')
}

function collect(shell: ChildProcess, descriptor: number): () => string {
  let text = ''
  shell.stdio[descriptor]?.on('data', (chunk: Buffer) => {
    text += chunk
  })
  return () => text
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid)
  } catch {
    // All of it has ended by itself.
  }
}
