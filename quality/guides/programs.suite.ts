import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { guideBlocks, isReceiver, TOOLCHAIN_LANGUAGES } from '../../test/helpers/node/guides.ts'
import { faultsOfReceiver } from '../../test/helpers/node/receiver-program.ts'
import { buildProgram, isToolchainLanguage, runCommand, TOOLCHAINS } from './toolchains.ts'

const folder = mkdtempSync(join(tmpdir(), 'ticketing-guides-'))
const blocks = guideBlocks.filter(({ language }) => TOOLCHAIN_LANGUAGES.includes(language))
const programs = blocks.filter(({ language }) => isToolchainLanguage(language))
const manifests = blocks.filter(({ language }) => language === 'toml')
const receivers = programs.filter(isReceiver)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

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
