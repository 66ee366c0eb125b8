import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import document from '../../../openapi.json' with { type: 'json' }
import { newSecret, signatureHeaders } from '../../../src/webhooks/signing.ts'
import { freePort } from './server.ts'

const MINUTE = 60_000
const STARTUP_MS = 60_000

interface DeliveryCase {
  name: string
  status: 204 | 400
  headers: Record<string, string>
  body: string
}

const EXAMPLE = document.webhooks['ticket.created'].post.requestBody.content['application/json'].example
const EVENT = { ...EXAMPLE, id: 'evt_1' }
const BODY = JSON.stringify(EVENT).replace('"title":"', '"title":"é漢😀 ')

/** What a receiver must accept and reject, signed by the service's own code. */
function casesFor(secret: string): DeliveryCase[] {
  const now = Date.now()
  const signed = (secrets: string[], at = now) => signatureHeaders(secrets, EVENT.id, at, BODY)
  const valid = signed([secret])
  const [, signature = ''] = valid['webhook-signature'].split(',')
  const altered = (headers: Record<string, string>) => ({ ...valid, ...headers })
  const without = (name: string) => Object.fromEntries(Object.entries(valid).filter(([key]) => key !== name))
  const accepted: [string, Record<string, string>][] = [
    ['a valid delivery', valid],
    ['a repeated delivery', valid],
    ['the second of two signatures', signed([newSecret(), secret])],
    ['the first of two signatures', signed([secret, newSecret()])],
    ['a signature of four minutes ago', signed([secret], now - 4 * MINUTE)],
  ]
  const rejected: [string, Record<string, string>, string?][] = [
    ['another secret', signed([newSecret()])],
    ['an altered body', valid, BODY.replace('"sequence":', '"sequence":1')],
    ['an empty body', valid, ''],
    ['an old timestamp', signed([secret], now - 6 * MINUTE)],
    ['a timestamp in the future', signed([secret], now + 6 * MINUTE)],
    ['an altered timestamp', altered({ 'webhook-timestamp': String(Math.floor(now / 1_000) + 1) })],
    ['a timestamp that is not a number', altered({ 'webhook-timestamp': 'today' })],
    ['a timestamp of a huge number', altered({ 'webhook-timestamp': '9'.repeat(30) })],
    ['another ID', altered({ 'webhook-id': 'evt_2' })],
    ['a signature of another version', altered({ 'webhook-signature': `v2,${signature}` })],
    ['a signature without a version', altered({ 'webhook-signature': signature })],
    ['a signature that is cut off', altered({ 'webhook-signature': `v1,${signature.slice(0, 12)}` })],
    ['an empty signature', altered({ 'webhook-signature': 'v1,' })],
    ['a signature that is not base64', altered({ 'webhook-signature': 'v1,é'.replace('é', '%%%') })],
    ...Object.keys(valid).map((name): [string, Record<string, string>] => [`no ${name}`, without(name)]),
  ]
  return [
    ...accepted.map(([name, headers]) => ({ name, status: 204 as const, headers, body: BODY })),
    ...rejected.map(([name, headers, body = BODY]) => ({ name, status: 400 as const, headers, body })),
    { name: 'a valid delivery after all', status: 204, headers: valid, body: BODY },
  ]
}

/**
 * Starts a program that receives webhooks at `PORT` with `WEBHOOK_SECRET`, and returns the deliveries whose response was
 * another than expected. The program prints a line with type and ID for each event that it accepts for the first time.
 */
export async function faultsOfReceiver(command: readonly string[], folder: string): Promise<string[]> {
  const secret = newSecret()
  const port = await freePort()
  const program = start(command, folder, { PORT: String(port), WEBHOOK_SECRET: secret })
  try {
    await program.listening(port)
    const cases = casesFor(secret)
    const faults: string[] = []
    for (const { name, status, headers, body } of cases) {
      const response = await fetch(`http://localhost:${port}/webhooks`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body,
      })
      await response.arrayBuffer()
      if (response.status !== status) faults.push(`${name}: ${response.status} instead of ${status}`)
    }
    const printed = program.output().match(/ticket\.created evt_1/g)?.length ?? 0
    if (printed !== 1) faults.push(`the event was handled ${printed} times:\n${program.output()}`)
    return faults
  } finally {
    await program.stop()
  }
}

function start([command = '', ...args]: readonly string[], folder: string, variables: Record<string, string>) {
  const child: ChildProcess = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const read = (chunk: Buffer) => {
    output += chunk
  }
  child.stdout?.on('data', read)
  child.stderr?.on('data', read)
  const ended = once(child, 'close').catch((error: Error) => {
    output += error.message
  })
  let isRunning = true
  ended.finally(() => {
    isRunning = false
  })
  return {
    output: () => output,
    listening: async (port: number) => {
      for (const deadline = Date.now() + STARTUP_MS; Date.now() < deadline && isRunning; await sleep(50))
        if (await fetch(`http://localhost:${port}/`, { method: 'POST' }).catch(() => null)) return
      throw new Error(`${command} did not start:\n${output}`)
    },
    stop: async () => {
      child.kill()
      await ended
    },
  }
}
