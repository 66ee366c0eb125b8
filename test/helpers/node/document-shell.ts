import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { ROOT } from '../../../scripts/lib/local-state.ts'
import type { Example } from './documents.ts'

/** The output of each example, and the number of its failed requests. */
export interface ShellRun {
  outcomes: { printed: string; failed: number }[]
  /** Stderr, without that of failed requests. */
  stderr: string
}

const JQ = `${ROOT}test/helpers/node/jq.ts`

const MARK = '\u001e'

/**
 * Like a terminal, where jobs have process groups. Needs no `jq` on the machine. Counts failed requests on descriptor 3, also those whose output goes
 * into a variable.
 */
const PRELUDE = `set -em
trap 'kill $(jobs -p) 2>&- || true' EXIT
BACKGROUND=$(mktemp)
jq() { '${process.execPath}' '${JQ}' "$@"; }
curl() { command curl --fail-with-body --show-error "$@" || echo "$EXAMPLE" >&3; }
until_printed() { for _ in $(seq 300); do grep -q "$1" "$BACKGROUND" && return; sleep 0.1; done; return 1; }
`

/** All examples run in the same shell. `rewrite` returns the code to run. */
export async function runInShell(examples: Example[], rewrite: (code: string) => string): Promise<ShellRun> {
  const script = examples.map((example, index) => `EXAMPLE=${index}\n${commandsOf(example, rewrite)}\nprintf '\\036'\n`)
  const shell = spawn('bash', ['-c', PRELUDE + script.join('')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  const [printed, errors, failures] = [1, 2, 3].map((descriptor) => collect(shell, descriptor))
  const [code] = await once(shell, 'close')
  const failed = failures?.().trim().split('\n') ?? []
  return {
    outcomes: (printed?.() ?? '')
      .split(MARK)
      .slice(0, -1)
      .map((text, index) => ({ printed: text, failed: failed.filter((one) => one === String(index)).length })),
    stderr: code === 0 ? '' : `the shell ended with ${code}: ${errors?.()}`,
  }
}

/**
 * Waits for a background command like a reader: until it listens and, if the example shows output, until it has handled
 * its requests.
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
