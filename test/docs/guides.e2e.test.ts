import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compilerErrors, runModule, writeModule } from '../helpers/node/client-project.ts'
import { runInShell, type ShellRun } from '../helpers/node/document-shell.ts'
import { type Example, patternOfShown, sameCommand } from '../helpers/node/documents.ts'
import { EVENT_ROWS, openEventScene } from '../helpers/node/event-table.ts'
import { differencesFromGuide } from '../helpers/node/guide-errors.ts'
import { createGuideProject, writeProgram } from '../helpers/node/guide-project.ts'
import { GUIDES, guideBlocks, guideName, isReceiver } from '../helpers/node/guides.ts'
import { preparedState } from '../helpers/node/prepared-state.ts'
import { faultsOfReceiver } from '../helpers/node/receiver-program.ts'
import { freePort, type RunningServer, startServer } from '../helpers/node/server.ts'

/** Runs the commands and the TypeScript of the guides against one server, and each guide in a shell of its own. */

/** Commands that are not run here, with the reason. */
const REPLACED = new Map([
  ['npm ci', 'it would reinstall the dependencies of this test'],
  ['npm start', 'the server is already running'],
  ['npm pack --workspace ticketing-api-client', 'readme.e2e.test.ts runs it'],
  ['npm install ../ticketing-api/ticketing-api-client-0.1.0.tgz', 'readme.e2e.test.ts runs it'],
])

const state = preparedState()
const project = mkdtempSync(join(tmpdir(), 'ticketing-guides-'))
const isRun = ({ exempt, file }: (typeof guideBlocks)[number]) => exempt === null && file === null
const commands = guideBlocks.filter((block) => block.language === 'sh' && isRun(block))
const code = guideBlocks.filter((block) => block.language === 'ts' && isRun(block))
const programs = guideBlocks.filter(({ language, file }) => language === 'ts' && file !== null)
const ofGuide = (path: string) => (example: Example) => example.location.startsWith(`${path}:`)

let server: RunningServer
let listenPort: string
const runs = new Map<string, ShellRun>()

beforeAll(async () => {
  server = await startServer(await freePort(), state.folder)
})

beforeAll(async () => {
  listenPort = String(await freePort())
  createGuideProject(project)
  for (const path of GUIDES) runs.set(path, await runInShell(commands.filter(ofGuide(path)), rewritten))
})

afterAll(async () => {
  await server.stop()
  state.remove()
  rmSync(project, { recursive: true, force: true })
})

/** The server and the receiver of the test in place of the reader's. */
function rewritten(text: string): string {
  return text
    .replaceAll('http://localhost:3000', server.origin)
    .replace(/(localhost:|--port )4000/g, `$1${listenPort}`)
    .split('\n')
    .map((line) => (REPLACED.has(sameCommand(line)) ? ':' : line))
    .join('\n')
}

function outcomeOf(example: Example) {
  const path = GUIDES.find((guide) => ofGuide(guide)(example)) ?? ''
  const run = runs.get(path)
  const outcome = run?.outcomes[commands.filter(ofGuide(path)).indexOf(example as (typeof commands)[number])]
  if (!outcome) throw new Error(`${example.location} was not run: ${run?.stderr}`)
  return outcome
}

/** Whether the output that is shown is that of a failed request. */
const showsFailure = ({ shown }: Example) => /"error": *\{|^(HTTP\/1.1 )?[45]\d\d\b/m.test(shown?.text ?? '')

/** A background command prints more than what is shown. */
const isOfBackground = ({ code }: Example) => /&$/m.test(code)

describe('the commands of the guides', () => {
  it.each(GUIDES)('run to the end: %s', (path) => {
    expect(runs.get(path)?.stderr).toBe('')
  })

  it.each(commands)('$location fails only if a failure is shown', (example) => {
    const { failed, printed } = outcomeOf(example)
    expect(failed, printed).toBe(showsFailure(example) ? 1 : 0)
  })

  it.each(commands.filter(({ shown }) => shown?.kind === 'json'))('$location returns what is shown', (example) => {
    const shown: unknown = JSON.parse(rewritten(example.shown?.text ?? ''))
    expect(differencesFromGuide(shown, JSON.parse(outcomeOf(example).printed))).toEqual([])
  })

  it.each(commands.filter(({ shown }) => shown?.kind === 'text'))('$location prints what is shown', (example) => {
    expect(outcomeOf(example).printed.trim()).toMatch(
      patternOfShown(rewritten(example.shown?.text ?? ''), isOfBackground(example) ? 'part' : 'whole'),
    )
  })

  it('contain every command that is replaced', () => {
    const lines = commands.flatMap((example) => example.code.split('\n').map(sameCommand))
    expect(lines).toEqual(expect.arrayContaining([...REPLACED.keys()]))
  })
})

describe('the TypeScript of the guides', () => {
  const modules = GUIDES.map((path) => ({ name: guideName(path), examples: code.filter(ofGuide(path)) })).filter(
    ({ examples }) => examples.length > 0,
  )

  it('compiles', () => {
    for (const { name, examples } of modules) writeModule(project, `guide-${name}`, examples, rewritten)
    for (const { file, code: text } of programs) writeProgram(project, file ?? '', rewritten(text))
    expect(compilerErrors(project)).toBe('')
  })

  it.each(modules)('prints what is shown: $name', async ({ name, examples }) => {
    const printed = await runModule(project, `guide-${name}`)
    expect(printed).toHaveLength(examples.length)
    for (const [index, { shown, location }] of examples.entries())
      if (shown) expect(printed[index]?.trim(), location).toMatch(patternOfShown(rewritten(shown.text), 'whole'))
  })

  it('consists of receivers, as far as it is programs', () => {
    expect(programs.filter((program) => !isReceiver(program))).toEqual([])
  })

  it.each(programs)('verifies webhooks: $file', async ({ file }) => {
    expect(await faultsOfReceiver([process.execPath, file ?? ''], project)).toEqual([])
  })
})

describe('the table of events', () => {
  let scene: Awaited<ReturnType<typeof openEventScene>>

  beforeAll(async () => {
    scene = await openEventScene(server.origin)
  })

  it.each(EVENT_ROWS)('is right: $operation', async (row) => {
    expect(await scene.emittedBy(row)).toEqual(row.events)
  })
})
