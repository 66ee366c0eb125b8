import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { QUIET, ROOT } from '../../scripts/lib/local-state.ts'
import { guideBlocks } from '../helpers/node/guides.ts'
import { freePort } from '../helpers/node/server.ts'

/** The three commands of the guide that prepare a fresh clone for `npx wrangler dev`, in a copy of the repository. */

/** What a clone does not have, or does not need. */
const LEFT_OUT = new Set([
  'node_modules',
  '.git',
  '.wrangler',
  '.dev.vars',
  '.cache',
  'dist',
  'bench',
  'test',
  'quality',
])

const clone = mkdtempSync(join(tmpdir(), 'ticketing-clone-'))
for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.has(one)))
  cpSync(join(ROOT, name), join(clone, name), { recursive: true, filter: (path) => !LEFT_OUT.has(basename(path)) })
symlinkSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'))

afterAll(() => rmSync(clone, { recursive: true, force: true }))

it('serves the demo data after the three commands of the guide', async () => {
  const [block, ...others] = guideBlocks.filter(({ code }) => code.includes('npx wrangler dev'))
  expect(others).toEqual([])
  const port = await freePort()
  const script =
    block?.code.replace('npx wrangler dev', `exec npx wrangler dev --port ${port} --inspector-port 0`) ?? ''
  const { TICKETING_STATE: _, ...env } = process.env
  const shell = spawn('bash', ['-e', '-c', script], {
    cwd: clone,
    env: { ...env, ...QUIET },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  let output = ''
  for (const stream of [shell.stdout, shell.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk))
  const ended = once(shell, 'close')
  try {
    await expect
      .poll(() => (shell.exitCode === null ? logIn(port) : `the shell ended:\n${output}`), {
        timeout: 120_000,
        interval: 500,
      })
      .toBe(200)
  } finally {
    if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGTERM')
    await ended
  }
})

async function logIn(port: number): Promise<number | string> {
  const response = await fetch(`http://localhost:${port}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'user@example.com', password: 'your_password' }),
  }).catch(String)
  return typeof response === 'string' ? response : response.status
}
