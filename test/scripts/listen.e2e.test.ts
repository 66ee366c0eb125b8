import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, describe, expect, it } from 'vitest'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { freePort } from '../helpers/node/server.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const OTHER_SECRET = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD'

const EVENT = {
  id: 'evt_1',
  sequence: 7,
  event: 'ticket.status_changed',
  timestamp: '2025-05-04T16:30:00Z',
  data: { ticket: { id: 'ticket123', title: 'é😀 \u001b[2J', status: { previous: 'open', current: 'closed' } } },
}

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill()
})

function listen(args: string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'scripts/listen.ts'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  const ended = once(child, 'close').then(([code]) => code)
  let output = ''
  const read = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout.on('data', read)
  child.stderr.on('data', read)
  return { ended, output: () => output }
}

async function startListening(args: string[], env: Record<string, string> = {}) {
  const port = await freePort()
  const { output } = listen(['--port', String(port), ...args], env)
  await expect.poll(output, { timeout: 10_000 }).toContain('Ctrl-C')
  return { port, output }
}

async function deliver(port: number, event: unknown, secret = SECRET): Promise<number> {
  const body = JSON.stringify(event)
  const now = new Date()
  const headers = {
    'webhook-id': 'evt_1',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('evt_1', now, body),
  }
  return (await fetch(`http://localhost:${port}/`, { method: 'POST', headers, body })).status
}

describe('npm run listen', () => {
  it('verifies each delivery and prints it in one line', async () => {
    const { port, output } = await startListening(['--secret', SECRET])
    expect(await deliver(port, EVENT)).toBe(204)
    expect(await deliver(port, EVENT, OTHER_SECRET)).toBe(401)
    const line = '  ticket.status_changed  #7  evt_1  attempt'
    const subject = 'ticket ticket123 "é😀  [2J": open → closed'
    await expect.poll(output).toContain(`${line} 1  verified  answered 204  ${subject}\n`)
    const wrong = `${line} 2  wrong signature (No matching signature found)  answered 401  ${subject}\n`
    await expect.poll(output).toContain(wrong)
    expect(output()).not.toContain(SECRET)
  })

  it('fails the first attempts of an event on request, and reads the secret from the environment', async () => {
    const { port } = await startListening(['--fail', '2'], { WEBHOOK_SECRET: SECRET })
    const responses = [await deliver(port, EVENT), await deliver(port, EVENT), await deliver(port, EVENT)]
    expect(responses).toEqual([500, 500, 204])
  })

  it('prints that nothing is verified without a secret, and prints other bodies unchanged', async () => {
    const { port, output } = await startListening(['--body'], { WEBHOOK_SECRET: '' })
    expect(await deliver(port, EVENT)).toBe(204)
    await fetch(`http://localhost:${port}/here`, { method: 'PUT', body: 'not JSON' })
    await expect.poll(output).toContain('NOT VERIFIED')
    await expect.poll(output).toContain('  "sequence": 7,\n')
    await expect.poll(output).toMatch(/PUT \/here {2}not an event {2}NOT VERIFIED {2}answered 204\nnot JSON\n/)
  })

  it.each([
    [['--port', '0'], '--port must be a number from 1 to 65535, not 0\n'],
    [['--fail', '-1'], "Option '--fail' argument is ambiguous. See: npm run listen -- --help\n"],
    [['--loud'], "Unknown option '--loud'. See: npm run listen -- --help\n"],
    [['--fail', 'two'], '--fail must be a number from 0 to 1000, not two\n'],
    [
      ['--secret', 'whsec_a'],
      'The secret must be whsec_ and base64 after it, as the answer to POST /webhooks shows it.\n',
    ],
  ])('rejects %j in one line', async (args, line) => {
    const { ended, output } = listen(args)
    expect(await ended).toBe(1)
    expect(output()).toBe(line)
  })

  it('prints one line if its port is in use', async () => {
    const { port } = await startListening([])
    const { ended, output } = listen(['--port', String(port)])
    expect(await ended).toBe(1)
    expect(output()).toBe(`Port ${port} is in use. Choose another: --port 4001\n`)
  })
})
