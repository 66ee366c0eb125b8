import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { ROOT } from '../../../scripts/lib/local-state.ts'

interface Block {
  runs: boolean
  script: string
}

export const BLOCKS: readonly Block[] = [
  ...readFileSync(`${ROOT}docs/operations.md`, 'utf8').matchAll(/^```sh( run)?\n([\s\S]*?)^```$/gm),
].map(([, runs, script = '']) => ({ runs: runs !== undefined, script }))

export async function runDocumentedBlock(holding: string, variables: Record<string, string>) {
  const [block, ...others] = BLOCKS.filter(({ runs, script }) => runs && script.includes(holding))
  if (!block || others.length > 0) throw new Error(`docs/operations.md has no one block with ${holding}`)
  const child = spawn('bash', ['-euo', 'pipefail', '-c', block.script], {
    cwd: ROOT,
    env: { ...process.env, PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`, ...variables },
  })
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: (await ended)[0], out, err: err.trim() }
}
