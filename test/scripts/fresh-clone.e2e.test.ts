import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { QUIET } from '../../scripts/lib/local-state.ts'
import { ensureSecret } from '../../scripts/start/dev-vars.ts'
import { copyProject } from '../helpers/node/project-copy.ts'
import { freePort } from '../helpers/node/server.ts'

const project = copyProject({ linksModules: true })
const devVars = join(project.root, '.dev.vars')
let server: ChildProcess | undefined

async function stopServer(): Promise<void> {
  if (server === undefined) return
  const isRunning = server.exitCode === null && server.signalCode === null
  const exited = isRunning ? once(server, 'exit') : null
  server.kill()
  await exited
  server = undefined
}

afterEach(stopServer)
afterAll(project.remove)

const HINT = 'For local development run npm start once: it writes .dev.vars, applies the migrations and loads demo data'

/** Returns the response of `wrangler dev`, or its output if it has not responded. */
async function healthOf(port: number): Promise<string> {
  const wrangler = join(project.root, 'node_modules/wrangler/bin/wrangler.js')
  const options = ['dev', '--port', String(port), '--show-interactive-dev-session=false']
  const child = spawn(process.execPath, [wrangler, ...options], {
    cwd: project.root,
    env: { ...process.env, ...QUIET },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  server = child
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk
    })
  for (let attempts = 0; attempts < 120 && child.exitCode === null; attempts += 1) {
    const signal = AbortSignal.timeout(10_000)
    const response = await fetch(`http://localhost:${port}/health`, { signal }).catch(() => null)
    if (response) return response.text()
    await sleep(500)
  }
  return output
}

describe('npx wrangler dev in a fresh clone', () => {
  it('says that npm start creates the missing files', async () => {
    let health = ''
    // On a busy machine, wrangler's esbuild sometimes ends with "all goroutines are asleep".
    for (let starts = 0; starts < 3 && !health.startsWith('{'); starts += 1) {
      await stopServer()
      health = await healthOf(await freePort())
    }
    expect(health).toContain(HINT)
    expect(existsSync(devVars)).toBe(false)
  })
})

describe('.dev.vars', () => {
  it('is written once, with a secret', () => {
    ensureSecret(devVars)
    const text = readFileSync(devVars, 'utf8')
    expect(text).toMatch(/^APP_SECRET=[0-9a-f]{64}\n# .*\nALLOW_PRIVATE_WEBHOOKS=true\n$/m)
    ensureSecret(devVars)
    expect(readFileSync(devVars, 'utf8')).toBe(text)
  })

  it.each([
    '',
    'TOKEN_TTL_SECONDS=60',
    'TOKEN_TTL_SECONDS=60\n',
    '# APP_SECRET=x\n',
    'APP_SECRET=\n',
    'NOT_APP_SECRET=x\n',
  ])('gets a secret after %j', (given) => {
    writeFileSync(devVars, given)
    ensureSecret(devVars)
    const lines = readFileSync(devVars, 'utf8').trimStart().split('\n')
    expect(lines.slice(-2)).toEqual([expect.stringMatching(/^APP_SECRET=[0-9a-f]{64}$/), ''])
    expect(lines.slice(0, -2).join('\n')).toBe(given.trim())
  })

  it.each(['APP_SECRET=x', ' export APP_SECRET = "x"\n'])('keeps %j', (given) => {
    writeFileSync(devVars, given)
    ensureSecret(devVars)
    expect(readFileSync(devVars, 'utf8')).toBe(given)
  })
})
