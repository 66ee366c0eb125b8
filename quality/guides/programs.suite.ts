import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TicketingClient } from '../../packages/client/src/index.ts'
import { startReceiver } from '../../scripts/listen/receiver.ts'
import { guideBlocks, isReceiver, TOOLCHAIN_LANGUAGES } from '../../test/helpers/node/guides.ts'
import { preparedState } from '../../test/helpers/node/prepared-state.ts'
import { faultsOfReceiver } from '../../test/helpers/node/receiver-program.ts'
import { freePort, type RunningServer, startServer } from '../../test/helpers/node/server.ts'
import { buildProgram, isToolchainLanguage, outputOf, runCommand, TOOLCHAINS } from './toolchains.ts'

const folder = mkdtempSync(join(tmpdir(), 'ticketing-guides-'))
const blocks = guideBlocks.filter(({ language }) => TOOLCHAIN_LANGUAGES.includes(language))
const programs = blocks.filter(({ language }) => isToolchainLanguage(language))
const manifests = blocks.filter(({ language }) => language === 'toml')
const receivers = programs.filter(isReceiver)
const exporters = programs.filter(({ file }) => file?.startsWith('export.'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('finds every program', () => {
  expect(programs.filter((program) => !receivers.includes(program) && !exporters.includes(program))).toEqual([])
})

describe('the toolchain', () => {
  it.each(Object.entries(TOOLCHAINS))('is installed: %s', (_, { version }) => {
    expect(runCommand(version, folder)).not.toBe('')
  })
})

describe('a receiver of webhooks', () => {
  it('exists in each language', () => {
    expect(receivers.map(({ language }) => language).toSorted()).toEqual(Object.keys(TOOLCHAINS).toSorted())
  })

  it.each(receivers)('accepts valid deliveries only: $file', async (program) => {
    const own = join(folder, program.language)
    const command = buildProgram(program, manifests, own)
    expect(await faultsOfReceiver(command, own)).toEqual([])
  })
})

describe('an export', () => {
  const state = preparedState()
  let server: RunningServer
  let apiKey: string

  beforeAll(async () => {
    server = await startServer(await freePort(), state.folder)
    const url = `${server.origin}/api/v1`
    const admin = new TicketingClient({ url, email: 'john@example.com', password: 'your_password' })
    apiKey = (await admin.apiKeys.create({ name: 'Export' })).key
  })

  afterAll(async () => {
    await server.stop()
    state.remove()
  })

  const environment = () => ({ TICKETING_URL: `${server.origin}/api/v1`, TICKETING_KEY: apiKey })
  const titlesIn = (file: string) =>
    readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line).title)

  it.each(exporters)('writes every ticket: $file', async (program) => {
    const own = join(folder, 'export')
    const command = buildProgram(program, [], own)
    expect(await outputOf(command, own, environment())).toBe('2 tickets\n')
    expect(titlesIn(join(own, 'tickets.ndjson'))).toEqual(['Cannot export reports', 'Cannot access customer dashboard'])
  })

  it.each(exporters)(
    'resumes with the cursor, retries, and repeats a part that was cut off: $file',
    async (program) => {
      const own = join(folder, 'export')
      const command = buildProgram(program, [], own)
      const parts = [
        { status: 429, body: '', headers: { 'Retry-After': '1' } },
        { status: 200, body: '{"title":"a"}\n{"next_cursor":"one"}\n' },
        { status: 200, body: '{"title":"b"}\n' },
        { status: 200, body: '{"title":"b"}\n{"tit' },
        { status: 200, body: '{"title":"b"}\n{"next_cursor":null}\n' },
      ]
      const api = await startReceiver(0, () => parts.shift() ?? { status: 200, body: '{"title":"c"}\n' })
      try {
        const variables = { TICKETING_URL: api.url.slice(0, -1), TICKETING_KEY: 'tk_live_1' }
        expect(await outputOf(command, own, variables)).toBe('2 tickets\n')
        expect(api.received.map(({ path }) => path)).toEqual([
          '/tickets/export?',
          '/tickets/export?',
          '/tickets/export?cursor=one',
          '/tickets/export?cursor=one',
          '/tickets/export?cursor=one',
        ])
        await expect(outputOf(command, own, variables)).rejects.toThrow('The export failed 5 times')
        expect(titlesIn(join(own, 'tickets.ndjson'))).toEqual(['a', 'b'])
      } finally {
        await api.close()
      }
    },
  )
})
