import { randomBytes } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT, startWrangler, stateFolder } from './lib/local-state.ts'
import { stopWithParent } from './lib/parent.ts'
import { prepareLocalStores } from './prepare.ts'

const DEV_VARS = `${ROOT}.dev.vars`
const STARTUP_TIMEOUT_MS = 60_000

/** `npm start`: sets up everything and runs the server. Further arguments are passed to `wrangler dev`. */
async function main(): Promise<void> {
  const port = portOf(process.env.PORT)
  if (!(await isFree(port))) fail(`Port ${port} is in use. Stop what uses it, or choose another: PORT=3001 npm start`)
  createSecret()
  await prepareLocalStores()
  await serve(port)
}

function portOf(given: string | undefined): number {
  const text = given || '3000'
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) fail(`PORT must be a number from 1 to 65535, not ${text}`)
  return port
}

/** Checks all IP addresses of the machine, because a server on any of them conflicts. */
function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, () => probe.close(() => resolve(true)))
  })
}

/** A secret for this machine, so that no published one is used. */
function createSecret(): void {
  if (existsSync(DEV_VARS)) return
  const lines = [
    '# Made by npm start for local development. Each line overrides a variable of wrangler.toml.',
    `APP_SECRET=${randomBytes(32).toString('hex')}`,
    '# Webhooks may go to this machine, over plain http. Never set this where the service is deployed.',
    'ALLOW_PRIVATE_WEBHOOKS=true',
  ]
  writeFileSync(DEV_VARS, `${lines.join('\n')}\n`, { mode: 0o600 })
}

async function serve(port: number): Promise<void> {
  const options = ['--port', String(port), '--persist-to', stateFolder(), '--show-interactive-dev-session=false']
  const given = process.argv.slice(2)
  const level = given.includes('--log-level') ? [] : ['--log-level', 'error']
  // Keeps names in stack traces, so that errors can be located by the log.
  const server = startWrangler(['dev', ...options, '--no-minify', ...level, ...given])
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal))
  stopWithParent(() => server.kill())
  server.once('exit', (code) => process.exit(code ?? 0))
  const origin = `http://localhost:${port}`
  const problem = await waitForHealth(origin)
  if (problem === null) console.log(welcome(origin))
  else {
    server.kill()
    fail(problem)
  }
}

/** Null once the server is up, or the reason why it is not. */
async function waitForHealth(origin: string): Promise<string | null> {
  const deadline = Date.now() + STARTUP_TIMEOUT_MS
  let output = ''
  while (Date.now() < deadline) {
    const response = await fetch(`${origin}/health`).catch(() => null)
    if (response?.ok) return null
    output = response ? await response.text() : output
    if (/not configured|HTTPS is required/.test(output))
      return `${messageIn(output)}\nSee .dev.vars; without that file, npm start makes one.`
    await sleep(200)
  }
  return `The server did not answer well at ${origin}/health within ${STARTUP_TIMEOUT_MS / 1_000} seconds. ${output}`
}

function messageIn(body: string): string {
  return JSON.parse(body).error.message
}

function welcome(origin: string): string {
  return `
Ticketing API   ${origin}/api/v1
Docs            ${origin}/docs
OpenAPI         ${origin}/openapi.json

Demo logins, each with the password your_password:
  account acme (standard)      john@example.com (admin)   user@example.com (agent)
                               agent@example.com (agent)  jane@example.com (customer)
  account globex (premium)     ada@globex.example (admin)

Try it:
  curl -s ${origin}/api/v1/auth/login -H 'Content-Type: application/json' -d '{"email":"user@example.com","password":"your_password"}'

Ctrl-C stops it. The data stays; npm run reset starts over.`
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

await main().catch((error) => fail(error instanceof Error ? error.message : String(error)))
