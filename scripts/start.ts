import type { ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandLine } from './lib/command-line.ts'
import { watchLocalFile } from './lib/local-file.ts'
import { ROOT, startWrangler, stateFolder } from './lib/local-state.ts'
import { stopWithParent } from './lib/parent.ts'
import { lockState, type StateLock } from './lib/state-lock.ts'
import { prepareLocalStores } from './prepare.ts'
import { ensureSecret } from './start/dev-vars.ts'
import { printServerOutput } from './start/server-output.ts'

const STARTUP_TIMEOUT_MS = 60_000
const OUTPUT_TIMEOUT_MS = 1_000

const { values, rest } = commandLine({
  name: 'npm start',
  about: `Runs the server with local data. The first start creates a secret, the database and demo data. The environment variable
PORT replaces --port, and TICKETING_STATE names another folder for the data.

Prints a line for each request: method, path, status, duration, and the code of an error. Queries and bodies are not
printed.`,
  options: {
    port: { type: 'string', value: 'N', about: 'port of the server, 3000 by default' },
    verbose: { type: 'boolean', about: "print the Worker's log as JSON lines, as in production" },
    var: { type: 'string', value: 'NAME:VALUE', multiple: true, about: 'override a variable of wrangler.toml' },
  },
  passesTo: 'wrangler dev',
  examples: [
    'npm start',
    'npm start -- --port 4000',
    'npm start -- --var TOKEN_TTL_SECONDS:60 -- --inspector-port 9230',
  ],
})

async function main(): Promise<void> {
  const port = values.port === undefined ? portOf('PORT', process.env.PORT) : portOf('--port', values.port)
  if (!(await isFree(port))) fail(`Port ${port} is in use. Stop what uses it, or choose another: PORT=3001 npm start`)
  const lock = lockState('npm start')
  ensureSecret(`${ROOT}.dev.vars`)
  await prepareLocalStores()
  await serve(port, lock)
}

function portOf(name: string, given: string | undefined): number {
  const text = given || '3000'
  const port = Number(text)
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) fail(`${name} must be a number from 1 to 65535, not ${text}`)
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

async function serve(port: number, lock: StateLock): Promise<void> {
  const options = ['--port', String(port), '--persist-to', stateFolder(), '--show-interactive-dev-session=false']
  // With a level of wrangler's own, its output is not filtered.
  const isFiltered = !rest.some((option) => option.startsWith('--log-level'))
  const variables = (values.var ?? []).flatMap((variable) => ['--var', variable])
  const level = isFiltered ? ['--log-level', 'log'] : []
  // Keeps names in stack traces, so that errors can be located by the log. `--var` would take an entry point after it.
  const server = startWrangler(
    ['dev', ...variables, ...options, '--no-minify', ...level, ...rest],
    isFiltered ? 'pipe' : 'inherit',
  )
  const ownRequestId = randomUUID()
  if (isFiltered) printServerOutput(server, { isVerbose: values.verbose ?? false, ownRequestId })
  if (server.pid !== undefined) lock.addProcess(server.pid)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => server.kill(signal))
  stopWithParent(() => server.kill())
  exitWith(server)
  const origin = `http://localhost:${port}`
  const problem = await waitForHealth(origin, ownRequestId)
  if (problem === null) {
    console.log(welcome(origin))
    watchLocalFile(() => console.error('The stored data was deleted: stop the server, and run npm start again.'))
  } else {
    server.kill()
    fail(problem)
  }
}

/** Waits for the last output, but not for processes that keep the pipe open. */
function exitWith(server: ChildProcess): void {
  server.once('exit', (code) => {
    server.once('close', () => process.exit(code ?? 0))
    setTimeout(() => process.exit(code ?? 0), OUTPUT_TIMEOUT_MS)
  })
}

/** Null once the server is up, or the reason why it is not. */
async function waitForHealth(origin: string, requestId: string): Promise<string | null> {
  const deadline = Date.now() + STARTUP_TIMEOUT_MS
  let output = ''
  while (Date.now() < deadline) {
    const response = await fetch(`${origin}/health`, { headers: { 'X-Request-Id': requestId } }).catch(() => null)
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
  account globex (premium)     ada@globex.example (admin), with 200 tickets

Try it:
  curl -s ${origin}/api/v1/auth/login -H 'Content-Type: application/json' -d '{"email":"user@example.com","password":"your_password","account":"acme"}'

Ctrl-C stops it. The data stays; npm run reset starts over.`
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

await main().catch((error) => fail(error instanceof Error ? error.message : String(error)))
