import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { commandLine } from '../../scripts/lib/command-line.ts'
import { freePort, startServer, temporaryState } from '../../test/helpers/node/server.ts'
import { createCallers, ROLES, type Role } from './callers.ts'

const INSTALLATION = `It is a Python program:
  python3 -m venv .wrangler/schemathesis && .wrangler/schemathesis/bin/pip install schemathesis==4.32.5
  PATH=$PWD/.wrangler/schemathesis/bin:$PATH npm run test:schemathesis`

const { values, rest } = commandLine({
  name: 'npm run test:schemathesis',
  about: `Starts the server on state of its own for each role, and lets schemathesis send valid and invalid requests, with all
checks. Generated webhooks may name hosts that exist: run it without a network. Needs schemathesis on the PATH.
${INSTALLATION}`,
  options: {
    role: { type: 'string', value: 'ROLE', multiple: true, about: 'admin, agent or customer; all three by default' },
  },
  passesTo: 'schemathesis run',
  examples: ['npm run test:schemathesis -- --role agent -- -n 20 --phases=fuzzing,stateful'],
})

/** High enough that no request is rate limited. */
const VARIABLES = { RATE_LIMIT_STANDARD: '1000000', RATE_LIMIT_PREMIUM: '1000000', ALLOW_SIGNUP: 'true' }

async function main(): Promise<void> {
  const roles = values.role?.map(parseRole) ?? ROLES
  const program = programOnPath()
  const failed: Role[] = []
  for (const role of roles) {
    console.info(`\n=== As ${role} ===\n`)
    if (!(await passes(program, role, rest))) failed.push(role)
  }
  if (failed.length > 0) throw new Error(`\nSomething was found as ${failed.join(', ')}`)
}

function parseRole(role: string): Role {
  const found = ROLES.find((name) => name === role)
  if (found === undefined) throw new Error(`--role must be one of: ${ROLES.join(', ')}`)
  return found
}

function programOnPath(): string {
  const found = ['schemathesis', 'st'].find((name) => spawnSync(name, ['--version']).status === 0)
  if (found === undefined) throw new Error(`schemathesis is not on the PATH. ${INSTALLATION}`)
  return found
}

async function passes(program: string, role: Role, options: string[]): Promise<boolean> {
  const state = temporaryState()
  process.once('exit', state.remove)
  const server = await startServer(await freePort(), state.folder, { variables: VARIABLES, ownGroup: true })
  try {
    const { id, fileUrl, logins } = await createCallers(server.origin, role)
    const loginsFile = join(state.folder, 'logins.json')
    writeFileSync(loginsFile, logins, { mode: 0o600 })
    const config = join(import.meta.dirname, 'schemathesis.toml')
    const command = ['--config-file', config, 'run', `${server.origin}/openapi.json`, '--checks', 'all', ...options]
    const child = spawn(program, command, {
      // schemathesis stores what it learns in the working directory.
      cwd: state.folder,
      env: {
        ...process.env,
        SCHEMATHESIS_FOLDER: import.meta.dirname,
        SCHEMATHESIS_LOGINS: loginsFile,
        SCHEMATHESIS_CALLER_ID: id,
        SCHEMATHESIS_FILE_URL: fileUrl,
      },
      stdio: 'inherit',
    })
    const end = () => child.kill()
    process.once('exit', end)
    const [code] = await once(child, 'exit')
    process.off('exit', end)
    return code === 0
  } finally {
    await server.stop()
    state.remove()
    process.off('exit', state.remove)
  }
}

// The server has a process group of its own, so a signal to this process does not stop it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
