import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { freePort } from '../helpers/node/server.ts'

const PATIENCE = { timeout: 10_000 }

let child = 0

afterEach(() => {
  try {
    if (child > 0) process.kill(child)
  } catch {
    // The parent has exited, as expected.
  }
})

describe('a process that npm runs', () => {
  it('ends with the shell in which npm has started it, which alone gets a signal', async () => {
    const port = await freePort()
    const script = join(ROOT, 'scripts/listen.ts')
    // The second command keeps the shell from replacing itself by the first.
    const shell = spawn('sh', [
      '-c',
      `"$1" "$2" --port ${port} & echo "$!"; wait; exit 1`,
      'sh',
      process.execPath,
      script,
    ])
    let output = ''
    shell.stdout.on('data', (chunk: Buffer) => {
      output += chunk
    })
    await expect.poll(() => output, PATIENCE).toContain('Listening on')
    child = Number.parseInt(output, 10)
    shell.kill('SIGTERM')
    const [, signal] = await once(shell, 'exit')
    expect(signal).toBe('SIGTERM')
    await expect.poll(() => isAlive(child), PATIENCE).toBe(false)
  })
})

function isAlive(id: number): boolean {
  try {
    return process.kill(id, 0)
  } catch {
    return false
  }
}
