import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import type { Example } from './documents.ts'

/** What the shell examples of a document came to: for each, what it printed and how many of its requests failed. */
export interface ShellRun {
  outcomes: { printed: string; failed: number }[]
  /** What went wrong beside requests; empty where nothing did. */
  trouble: string
}

const MARK = '\u001e'

/**
 * As at a terminal, where jobs are processes of a group. A request that fails is counted (on descriptor 3), also where
 * its answer goes into a variable.
 */
const PRELUDE = `set -em
trap 'kill $(jobs -p) 2>&- || true' EXIT
BACKGROUND=$(mktemp)
curl() { command curl --fail-with-body --show-error "$@" || echo "$EXAMPLE" >&3; }
until_printed() { for _ in $(seq 300); do grep -q "$1" "$BACKGROUND" && return; sleep 0.1; done; return 1; }
`

/** Runs examples one after the other in one shell, in the project's folder; `rewrite` makes of each what is run. */
export async function runInShell(examples: Example[], rewrite: (code: string) => string): Promise<ShellRun> {
  const script = examples.map((example, index) => `EXAMPLE=${index}\n${commandsOf(example, rewrite)}\nprintf '\\036'\n`)
  const shell = spawn('bash', ['-c', PRELUDE + script.join('')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [printed, complaints, failures] = [1, 2, 3].map((descriptor) => collect(shell, descriptor))
  const [code] = await once(shell, 'close')
  const failed = failures?.().trim().split('\n') ?? []
  return {
    outcomes: (printed?.() ?? '')
      .split(MARK)
      .slice(0, -1)
      .map((text, index) => ({ printed: text, failed: failed.filter((one) => one === String(index)).length })),
    trouble: code === 0 ? '' : `the shell ended with ${code}: ${complaints?.()}`,
  }
}

/**
 * A command in the background is waited for, as a reader would: until it listens, and where an example shows what it
 * prints, until it has dealt with what came; then that is what the example has printed.
 */
function commandsOf({ code, shown }: Example, rewrite: (code: string) => string): string {
  const started = rewrite(code).replace(
    /^(.*[^&\s])\s*&\s*(#.*)?$/gm,
    '$1 >"$BACKGROUND" 2>&1 &\nuntil_printed Listening',
  )
  const isOfBackground = shown?.kind === 'text' && started.includes('$BACKGROUND')
  return isOfBackground ? `${started}\nuntil_printed answered\ncat "$BACKGROUND"` : started
}

function collect(shell: ChildProcess, descriptor: number): () => string {
  let text = ''
  shell.stdio[descriptor]?.on('data', (chunk: Buffer) => {
    text += chunk
  })
  return () => text
}
