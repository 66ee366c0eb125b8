import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { identityOf } from '../../scripts/lib/processes.ts'
import { runAdmin } from '../helpers/node/admin.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, spawnStart, startServer, temporaryState } from '../helpers/node/server.ts'

const LOCK_MODULE = join(ROOT, 'scripts/lib/state-lock.ts')
const RESET = join(ROOT, 'scripts/reset.ts')

const children: ChildProcess[] = []

afterEach(async () => {
  for (const child of children.splice(0)) await end(child)
})

function run(state: string, args: string[]) {
  const env = { ...process.env, TICKETING_STATE: state }
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['pipe', 'pipe', 'pipe'] })
  children.push(child)
  return child
}

async function outcomeOf(child: ChildProcess, input = '') {
  const closed = once(child, 'close')
  child.stdin?.end(input)
  const [out, err] = await Promise.all([child.stdout, child.stderr].map((stream) => (stream ? text(stream) : '')))
  const [code] = await closed
  return { code, out: out?.trim(), err: err?.trim() }
}

const reset = (state: string, ...args: string[]) => outcomeOf(run(state, [RESET, ...args]))

/** As at a terminal. */
function resetAtTerminal(state: string, answer: string) {
  const terminal = 'process.stdin.isTTY = process.stdout.isTTY = true'
  return outcomeOf(run(state, ['--input-type=module', '-e', `${terminal}; await import('${RESET}')`]), answer)
}

/** A process that has locked the folder, or says why it could not. */
async function hold(state: string, command = 'npm run reset') {
  const script = `import { lockState } from '${LOCK_MODULE}'
    lockState('${command}')
    console.info('locked')
    setInterval(() => undefined, 1_000)`
  const child = run(state, ['--input-type=module', '-e', script])
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk
    })
  await expect.poll(() => output, { timeout: 60_000 }).toMatch(/locked|Error: /)
  return { child, isLocked: output.startsWith('locked'), output }
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
}

const inUse = (folder: string, command: string, pid: number | undefined) =>
  `The data in ${folder} is in use by ${command} (process ${pid}). Stop it first.`

const source = preparedState()
const backup = join(source.folder, 'all.backup')

beforeAll(async () => {
  expect(await runAdmin(source.folder, 'backup', backup)).toMatchObject({ code: 0 })
})
afterAll(source.remove)

describe('while a server runs', () => {
  const state = preparedState()
  let server: RunningServer

  beforeAll(async () => {
    server = await startServer(await freePort(), state.folder, { ownGroup: true })
  })
  afterAll(state.remove)

  it.each([[[]], [['--yes']]])('npm run reset %j is rejected, and the server keeps running', async (args) => {
    expect(await reset(state.folder, ...args)).toEqual({
      code: 1,
      out: '',
      err: inUse(state.folder, 'npm start', server.group),
    })
    expect((await fetch(`${server.origin}/health`)).status).toBe(200)
  })

  it('a second npm start is rejected', async () => {
    const { code, err } = await outcomeOf(spawnStart(await freePort(), state.folder))
    expect({ code, err }).toEqual({ code: 1, err: inUse(state.folder, 'npm start', server.group) })
  })

  it('restore is rejected, and other admin commands are not', async () => {
    const { code, err } = await runAdmin(state.folder, 'restore', backup)
    expect({ code, err }).toEqual({ code: 1, err: inUse(state.folder, 'npm start', server.group) })
    expect((await runAdmin(state.folder, 'list-accounts')).code).toBe(0)
  })

  it('the server says so if its data is deleted', async () => {
    rmSync(join(state.folder, 'v3'), { recursive: true })
    const message = 'The stored data was deleted: stop the server, and run npm start again.'
    await expect.poll(server.output, { timeout: 60_000 }).toContain(message)
  })

  // Last, because it ends the server.
  it('its lock is taken over after it was killed', async () => {
    await server.kill()
    expect(existsSync(join(state.folder, 'lock.json'))).toBe(true)
    expect(await reset(state.folder, '--yes')).toMatchObject({ code: 0 })
    expect(existsSync(state.folder)).toBe(false)
  })
})

describe('while another command has locked the data', () => {
  const state = temporaryState()
  afterAll(state.remove)

  it('npm start, npm run reset and restore are rejected', async () => {
    const { child } = await hold(state.folder, 'npm run admin -- restore')
    const err = inUse(state.folder, 'npm run admin -- restore', child.pid)
    expect(await outcomeOf(spawnStart(await freePort(), state.folder))).toEqual({ code: 1, out: '', err })
    expect(await reset(state.folder, '--yes')).toEqual({ code: 1, out: '', err })
    expect(await runAdmin(state.folder, 'restore', backup)).toEqual({ code: 1, out: '', err })
  })

  it('the lock ends with the command', async () => {
    const { child } = await hold(state.folder)
    await end(child, 'SIGKILL')
    const second = await hold(state.folder)
    expect(second.isLocked).toBe(true)
    expect((await hold(state.folder)).output).toContain(`(process ${second.child.pid})`)
  })
})

describe('a stale lock', () => {
  const state = temporaryState()
  const file = join(state.folder, 'lock.json')
  afterAll(state.remove)

  const lockOf = (pid: number, started: string | null) =>
    JSON.stringify({ command: 'npm start', processes: [{ pid, started }] })

  it.each([
    ['of a process that has ended', () => lockOf(2 ** 22 + 1, null)],
    ['whose process ID another process has now', () => lockOf(process.pid, 'another time')],
    ['that is not complete', () => '{"command":'],
  ])('%s is taken over by one of several processes', async (_, content) => {
    writeFileSync(file, content())
    const holders = await Promise.all(Array.from({ length: 4 }, () => hold(state.folder)))
    expect(holders.filter(({ isLocked }) => isLocked)).toHaveLength(1)
    expect(readdirSync(state.folder)).toEqual(['lock.json'])
  })

  it('is not stale while a process that the command started runs', async () => {
    const { child } = await hold(state.folder)
    const Lock = z.object({ command: z.string(), processes: z.array(z.unknown()) })
    const lock = Lock.parse(JSON.parse(readFileSync(file, 'utf8')))
    writeFileSync(file, JSON.stringify({ ...lock, processes: [...lock.processes, identityOf(process.pid)] }))
    await end(child)
    expect((await hold(state.folder)).output).toContain(inUse(state.folder, 'npm run reset', process.pid))
  })
})

describe('npm run reset', () => {
  const state = temporaryState()
  afterAll(state.remove)

  const fill = () => mkdirSync(join(state.folder, 'v3/d1'), { recursive: true })
  const isThere = () => existsSync(join(state.folder, 'v3/d1'))

  it('needs --yes without a terminal', async () => {
    fill()
    const err = `This deletes all data in ${state.folder}. To do it without a question: npm run reset -- --yes`
    expect(await reset(state.folder)).toEqual({ code: 1, out: '', err })
    expect(isThere()).toBe(true)
  })

  it.each(['n\n', '\n', '', 'no y\n'])('deletes nothing after the answer %j', async (answer) => {
    fill()
    const { code, out, err } = await resetAtTerminal(state.folder, answer)
    expect(out).toContain(`Delete all data in ${state.folder}? [y/N]`)
    expect({ code, err }).toEqual({ code: 1, err: 'Nothing is deleted.' })
    expect(isThere()).toBe(true)
  })

  it.each(['y\n', 'YES\n'])('deletes the folder after the answer %j', async (answer) => {
    fill()
    const { code, out } = await resetAtTerminal(state.folder, answer)
    expect(code).toBe(0)
    expect(out).toContain('The local data is deleted. npm start creates it again.')
    expect(existsSync(state.folder)).toBe(false)
  })

  it('says that there is no data', async () => {
    expect(await reset(state.folder)).toEqual({ code: 0, out: 'There is no local data.', err: '' })
  })
})
