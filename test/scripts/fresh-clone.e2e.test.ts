import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { QUIET } from '../../scripts/lib/local-state.ts'
import { ensureSecret } from '../../scripts/start/dev-vars.ts'
import { copyProject } from '../helpers/node/project-copy.ts'
import { freePort } from '../helpers/node/server.ts'

const project = copyProject({ linksModules: true })
const devVars = join(project.root, '.dev.vars')
let server: ChildProcess | undefined

afterEach(async () => {
  if (server === undefined) return
  const isRunning = server.exitCode === null && server.signalCode === null
  const exited = isRunning ? once(server, 'exit') : null
  server.kill()
  await exited
  server = undefined
})
afterAll(project.remove)

describe('npx wrangler dev in a fresh clone', () => {
  it('says that npm start sets up what is missing', async () => {
    const port = await freePort()
    const wrangler = join(project.root, 'node_modules/wrangler/bin/wrangler.js')
    const options = ['dev', '--port', String(port), '--show-interactive-dev-session=false', '--log-level', 'none']
    server = spawn(process.execPath, [wrangler, ...options], {
      cwd: project.root,
      env: { ...process.env, ...QUIET },
      stdio: 'ignore',
    })
    const url = `http://localhost:${port}/health`
    const body = async () => (await fetch(url).catch(() => null))?.text()
    const hint =
      'For local development run npm start once: it writes .dev.vars, applies the migrations and loads demo data'
    await expect.poll(body, { timeout: 120_000, interval: 500 }).toContain(hint)
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
