import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../scripts/admin/commands.ts'
import { copyProject, runScript, SCRIPTS } from '../helpers/node/project-copy.ts'

const project = copyProject({ linksModules: true })
const before = filesOf(project.root)

afterAll(project.remove)

const ADMIN = Object.keys(COMMANDS)
const HELP_OF_SCRIPTS = Object.keys(SCRIPTS).map((name): [string, string[]] => [name, []])
const HELP_OF_COMMANDS = ADMIN.map((command): [string, string[]] => ['admin', [command]])

/** Every file with its size and time. */
function filesOf(root: string): string[] {
  const paths = globSync('**/*', { cwd: root, exclude: (path) => path === 'node_modules' })
  return [...paths, '.dev.vars', '.wrangler'].map((path) => {
    const stats = statSync(join(root, path), { throwIfNoEntry: false })
    return `${path} ${stats?.isFile() ? `${stats.size} ${stats.mtimeMs}` : stats?.isDirectory()}`
  })
}

describe('--help', () => {
  it.concurrent.each([...HELP_OF_SCRIPTS, ...HELP_OF_COMMANDS])(
    'of %s %j shows options and an example',
    async (...of) => {
      const [name, args] = of
      const typed = `npm ${name === 'start' || name === 'test' ? name : `run ${name}`}${args.map((arg) => ` -- ${arg}`)}`
      for (const flag of ['--help', '-h']) {
        const { code, out, err } = await runScript(project.root, name, ...args, flag)
        expect({ code, err }).toEqual({ code: 0, err: '' })
        expect(out.startsWith(`Usage: ${typed}`), out).toBe(true)
        expect(out).toMatch(/\n {2}-h, --help {2}|npm run admin -- COMMAND --help\n/)
        expect(out).toMatch(new RegExp(`\\nExamples?:\\n  ${typed.replace('admin', '(?:.* )?admin')}`))
      }
    },
  )

  it('lists the options of a command, with --remote', async () => {
    const { out } = await runScript(project.root, 'admin', '--remote', 'after-restore', '--help')
    for (const option of ['--gap N', '--revoke-keys', '--remote', '--env NAME'])
      expect(out).toContain(`\n  ${option}  `)
  })

  // After the others, which ran concurrently before it.
  it('has no side effects', () => {
    expect(filesOf(project.root)).toEqual(before)
  })
})

describe('an unknown option', () => {
  it.concurrent.each(Object.keys(SCRIPTS))('of %s is rejected with the nearest', async (name) => {
    const typed = `npm ${name === 'start' || name === 'test' ? name : `run ${name}`}`
    const { code, out, err } = await runScript(project.root, name, '--hlep')
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(new RegExp(`^Unknown option '--hlep'\\. Did you mean --help\\? See: ${typed} -- --help$`))
  })

  it.concurrent.each([
    [
      'admin',
      ['verify', '--repiar'],
      "Unknown option '--repiar'. Did you mean --repair? See: npm run admin -- verify --help",
    ],
    [
      'admin',
      ['list-acounts'],
      'There is no command list-acounts. Did you mean list-accounts? See: npm run admin -- --help',
    ],
    ['admin', ['--remtoe'], "Unknown option '--remtoe'. Did you mean --remote? See: npm run admin -- --help"],
    ['start', ['--verbos'], "Unknown option '--verbos'. Did you mean --verbose? See: npm start -- --help"],
    ['start', ['now'], "Unexpected argument 'now'. See: npm start -- --help"],
    ['reset', ['--', '--yes'], "Unexpected argument '--yes'. See: npm run reset -- --help"],
    ['deploy', ['--xyzzy'], "Unknown option '--xyzzy'. See: npm run deploy -- --help"],
    ['deploy', ['--env'], "Option '--env <value>' argument missing. See: npm run deploy -- --help"],
  ])('%s %j', async (name, args, message) => {
    expect(await runScript(project.root, name, ...args)).toEqual({ code: 1, out: '', err: message })
  })

  it('has changed nothing', () => {
    expect(filesOf(project.root)).toEqual(before)
  })
})
