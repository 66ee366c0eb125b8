import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { installationProblem } from '../../scripts/lib/installation.mjs'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { copyProject, runScript, SCRIPTS } from '../helpers/node/project-copy.ts'

const Lock = z.looseObject({ packages: z.record(z.string(), z.record(z.string(), z.unknown())) })
type Packages = z.infer<typeof Lock>['packages']

const project = copyProject({ linksModules: false })
const modules = join(project.root, 'node_modules')
const installedLock = join(modules, '.package-lock.json')

afterAll(project.remove)

beforeEach(() => rmSync(modules, { recursive: true, force: true }))

function install(change: (packages: Packages) => void = () => undefined): void {
  mkdirSync(modules)
  cpSync(join(ROOT, 'node_modules/.package-lock.json'), installedLock)
  const lock = Lock.parse(JSON.parse(readFileSync(installedLock, 'utf8')))
  change(lock.packages)
  writeFileSync(installedLock, JSON.stringify(lock))
}

describe('the scripts without a current npm ci', () => {
  it.each(Object.keys(SCRIPTS))('%s asks for npm ci in one line', async (name) => {
    const missing = { code: 1, out: '', err: 'The dependencies are not installed. Run npm ci first.' }
    expect(await runScript(project.root, name)).toEqual(missing)
    install((packages) => Object.assign(packages['node_modules/hono'] ?? {}, { version: '4.0.0' }))
    const outdated = { code: 1, out: '', err: 'node_modules does not match package-lock.json. Run npm ci first.' }
    expect(await runScript(project.root, name)).toEqual(outdated)
  })

  it.each<[string, (packages: Packages) => void, boolean]>([
    ['the same packages', () => undefined, true],
    ['another version', (packages) => Object.assign(packages['node_modules/zod'] ?? {}, { version: '4.0.0' }), false],
    ['another file', (packages) => Object.assign(packages['node_modules/zod'] ?? {}, { integrity: 'sha512-x' }), false],
    ['a package missing', (packages) => delete packages['node_modules/zod'], false],
    ['a workspace missing', (packages) => delete packages['node_modules/ticketing-api-client'], false],
    ['a package of another platform missing', (packages) => delete packages['node_modules/fsevents'], true],
    ['a package too many', (packages) => Object.assign(packages, { 'node_modules/x': { version: '1.0.0' } }), true],
  ])('with %s', (_, change, isCurrent) => {
    install(change)
    const problem = 'node_modules does not match package-lock.json. Run npm ci first.'
    expect(installationProblem(project.root)).toBe(isCurrent ? null : problem)
  })

  it('asks for npm ci after one that was interrupted', () => {
    mkdirSync(modules)
    writeFileSync(installedLock, '{"packages": {')
    expect(installationProblem(project.root)).toBe('The dependencies are not installed. Run npm ci first.')
  })
})

describe('a Node that cannot run TypeScript', () => {
  it('gets one line', () => {
    install()
    const args = ['--no-experimental-strip-types', 'scripts/run.mjs', 'scripts/start.ts']
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: project.root, encoding: 'utf8' })
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(
      /^Node \d+\.\d+\.\d+ cannot run the scripts: use npm run, and npm ci without --ignore-scripts\.\n$/,
    )
  })
})
