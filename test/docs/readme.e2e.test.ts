import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { TicketingClient, verifyWebhook, WebhookVerificationError } from '../../packages/client/src/index.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { startReceiver } from '../../scripts/listen/receiver.ts'
import { compilerErrors, createProject, runModule, writeModule } from '../helpers/node/client-project.ts'
import { runInShell, type ShellRun } from '../helpers/node/document-shell.ts'
import {
  differencesFromShown,
  type Example,
  examplesOf,
  patternOfShown,
  sameCommand,
} from '../helpers/node/documents.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

/** Runs the examples of the documents in order, against a server started by `npm start`. */

const Manifest = z.object({ version: z.string(), scripts: z.record(z.string(), z.string()) })
const readManifest = (folder: string) => Manifest.parse(JSON.parse(readFileSync(`${folder}package.json`, 'utf8')))

const CLIENT = `${ROOT}packages/client/`
const PACKED_CLIENT = `ticketing-api-client-${readManifest(CLIENT).version}.tgz`

const DOCUMENTS = ['README.md', 'packages/client/README.md']

/** Documents whose commands are not run here, with the reason. */
const LEFT_OUT = new Map([
  ['docs/operations.md', 'its commands are run by the tests of what they do'],
  ['CONTRIBUTING.md', 'CI runs its commands, or they write into the repository, or take minutes'],
])

/** Commands that are replaced. */
const STOOD_FOR = new Map<string, (project: string) => string>([
  // They would reinstall the dependencies of this test, or run all tests; the server is already running.
  ['npm ci && npm start', () => ':'],
  ['npm ci && npm test', () => ':'],
  // The reader's project is another folder.
  [
    'npm pack --workspace ticketing-api-client',
    (project) => `npm pack --workspace ticketing-api-client --pack-destination '${project}'`,
  ],
  [
    `npm install ../ticketing-api/${PACKED_CLIENT}`,
    (project) => `(cd '${project}' && npm install --offline './${PACKED_CLIENT}')`,
  ],
])

const PATIENCE_MS = 20_000

const state = preparedState()
const project = mkdtempSync(join(tmpdir(), 'ticketing-project-'))
const examples = DOCUMENTS.flatMap(examplesOf)
const inShell = examples.filter(({ language }) => language === 'sh')

let server: RunningServer
let listenPort: string
let round: ShellRun

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
})

beforeAll(async () => {
  listenPort = String(await freePort())
  createProject(project)
  round = await runInShell(inShell, rewritten)
})

afterAll(async () => {
  await server.stop()
  state.remove()
  rmSync(project, { recursive: true, force: true })
})

function rewritten(code: string): string {
  const here = code
    .replaceAll('http://localhost:3000', server.origin)
    .replace(/(localhost:|--port )4000/g, `$1${listenPort}`)
  return here
    .split('\n')
    .map((line) => STOOD_FOR.get(sameCommand(line))?.(project) ?? line)
    .join('\n')
}

function outcomeOf(example: Example) {
  const outcome = round.outcomes[inShell.indexOf(example)]
  if (!outcome) throw new Error(`${example.location} was not run: ${round.stderr}`)
  return outcome
}

function failuresIn(shown: Example['shown']): number {
  return /"(error|details)":/.test(shown?.text ?? '') ? 1 : 0
}

describe('the commands of the documents', () => {
  it('run to their end', () => {
    expect(round.stderr).toBe('')
  })

  it.each(inShell)('$place fails only where a failure is shown', (example) => {
    expect(outcomeOf(example).failed, outcomeOf(example).printed).toBe(failuresIn(example.shown))
  })

  it.each(inShell.filter(({ shown }) => shown?.kind === 'json'))('$place answers as it is shown', (example) => {
    const response: unknown = JSON.parse(outcomeOf(example).printed)
    expect(differencesFromShown(JSON.parse(example.shown?.text ?? ''), response)).toEqual([])
  })

  it.each(inShell.filter(({ shown }) => shown?.kind === 'text'))('$place prints as it is shown', (example) => {
    expect(outcomeOf(example).printed).toMatch(patternOfShown(example.shown?.text ?? ''))
  })

  it('name scripts that there are', () => {
    const { scripts } = readManifest(ROOT)
    const texts = [...DOCUMENTS, ...LEFT_OUT.keys()].flatMap((path) => readIfThere(path))
    const named = texts.flatMap((text) => [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name))
    expect(named.length).toBeGreaterThan(5)
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named))
  })

  it('are all run, but for those that something stands for', () => {
    const commands = inShell.flatMap(({ code }) => code.split('\n').map(sameCommand))
    expect(commands).toEqual(expect.arrayContaining([...STOOD_FOR.keys()]))
    const others = readdirSync(`${ROOT}docs`).map((name) => `docs/${name}`)
    const withCode = others.filter((path) => path.endsWith('.md') && examplesOf(path).length > 0)
    expect(withCode.filter((path) => !DOCUMENTS.includes(path) && !LEFT_OUT.has(path))).toEqual([])
  })
})

describe('the client as it is installed', () => {
  const installed = () => join(project, 'node_modules/ticketing-api-client')
  const namesIn = (folder: string) => readdirSync(folder).toSorted()

  it('contains the compiled modules, the documents and nothing else', () => {
    expect(namesIn(installed())).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json'])
    const compiled = readdirSync(`${CLIENT}src`).flatMap((name) =>
      ['.js', '.d.ts'].map((end) => name.replace(/\.ts$/, end)),
    )
    expect(namesIn(join(installed(), 'dist'))).toEqual(compiled.toSorted())
  })

  it('has the license of the repository', () => {
    expect(readFileSync(join(installed(), 'LICENSE'), 'utf8')).toBe(readFileSync(`${ROOT}LICENSE`, 'utf8'))
  })

  it('installs no other package', () => {
    expect(namesIn(join(project, 'node_modules'))).toEqual(['.package-lock.json', 'ticketing-api-client'])
  })
})

describe('the code of the documents', () => {
  const modules = DOCUMENTS.map((path, index) => ({
    name: `document-${index}`,
    code: examples.filter(({ language, location }) => language === 'ts' && location.startsWith(`${path}:`)),
  }))

  it('compiles against the client as it is installed', () => {
    for (const { name, code } of modules) writeModule(project, name, code, rewritten)
    expect(compilerErrors(project)).toBe('')
  })

  it.each(modules)('prints what is shown: $name', async ({ name, code }) => {
    const printed = await runModule(project, name)
    expect(printed).toHaveLength(code.length)
    for (const [index, { shown }] of code.entries())
      if (shown) expect(printed[index]).toMatch(patternOfShown(shown.text))
  })
})

it('the README runs a second time', async () => {
  const ofReadme = inShell.filter(({ location }) => location.startsWith('README.md:'))
  const { stderr, outcomes } = await runInShell(ofReadme, rewritten)
  expect(stderr).toBe('')
  expect(outcomes.map(({ failed }) => failed)).toEqual(ofReadme.map(({ shown }) => failuresIn(shown)))
})

describe('the client, against the same server', () => {
  const clientOf = (email: string) =>
    new TicketingClient({ url: `${server.origin}/api/v1`, email, password: 'your_password' })

  it('verifies what a webhook receives, and knows the event by its name', async () => {
    const admin = clientOf('john@example.com')
    const receiver = await startReceiver(0, () => ({ status: 204 }))
    const { id, secret } = await admin.webhooks.create({ url: receiver.url, events: ['ticket.status_changed'] })
    const { id: ticketId } = await admin.tickets.create({ title: 'Printer on fire', description: 'Third floor' })
    await admin.tickets.update(ticketId, { status: 'resolved' })
    const { headers, body } = await receiver.waitFor(() => true, PATIENCE_MS)
    await receiver.close()
    await admin.webhooks.delete(id)

    const event = await verifyWebhook(secret, headers, body)
    if (event.event !== 'ticket.status_changed') throw new Error(`${event.event} came`)
    expect(event.data.ticket.status).toEqual({ previous: 'open', current: 'resolved' })
    await expect(verifyWebhook(secret, headers, body.subarray(1))).rejects.toBeInstanceOf(WebhookVerificationError)
  })

  it('loses none of the edits that are made at once', async () => {
    const agent = clientOf('agent@example.com')
    const { id } = await agent.tickets.create({ title: 'Count', description: 'To four', custom_fields: { count: 0 } })
    const countUp = () =>
      agent.tickets.edit(id, ({ custom_fields: { count } }) => ({ custom_fields: { count: Number(count) + 1 } }))
    await Promise.all([countUp(), countUp(), countUp(), countUp()])
    expect((await agent.tickets.get(id)).custom_fields).toEqual({ count: 4 })
    expect(agent.rateLimit).toMatchObject({ limit: 100 })
  })

  it('does once what is sent twice with one key', async () => {
    const agent = clientOf('agent@example.com')
    const ticket = { title: 'Once', description: 'Whatever comes' }
    const first = await agent.tickets.create(ticket, { idempotencyKey: 'once' })
    expect(await agent.tickets.create(ticket, { idempotencyKey: 'once' })).toEqual(first)
  })
})

function readIfThere(path: string): string[] {
  try {
    return [readFileSync(`${ROOT}${path}`, 'utf8')]
  } catch {
    return []
  }
}
