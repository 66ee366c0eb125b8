import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS } from '../../scripts/admin/commands.ts'
import { ROOT, runWrangler } from '../../scripts/lib/local-state.ts'
import { temporaryState } from './helpers/server.ts'

/** Every command that docs/operations.md shows: run where it can run here, and else looked up. */

const state = temporaryState()
const restored = temporaryState()
const blocks = [...readFileSync(`${ROOT}docs/operations.md`, 'utf8').matchAll(/^```sh( run)?\n([\s\S]*?)^```$/gm)].map(
  ([, runs, script = '']) => ({ runs: runs !== undefined, script }),
)
const runnable = blocks.filter(({ runs }) => runs).map(({ script }) => script)
const environment = {
  ...process.env,
  PATH: `${join(ROOT, 'node_modules/.bin')}:${process.env.PATH}`,
  TICKETING_STATE: state.folder,
  FROM: state.folder,
  INTO: restored.folder,
  BACKUP: join(state.folder, 'all.backup'),
  SINCE: new Date(Date.now() - 1_000).toISOString(),
}

async function run(script: string) {
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: ROOT,
    env: environment,
  })
  const ended = once(child, 'close')
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { code: (await ended)[0], out, err }
}

/** The commands of a script, one a line or with `&&` between, without what is before a pipe and without variables. */
function commandsIn(script: string): string[] {
  const lines = script.split(/\n|&&/).map((line) => line.trim())
  return lines
    .filter(Boolean)
    .map((line) => line.replace(/^[^"]*\| |^printf .*\| /, '').replace(/^(\w+="?\$\w+"? )+/, ''))
}

const shown = blocks.flatMap(({ script }) => commandsIn(script))

beforeAll(async () => {
  const { loadDemoData } = await import('../../scripts/demo/load.ts')
  runWrangler(['d1', 'migrations', 'apply', 'DB', '--local', '--persist-to', state.folder])
  await loadDemoData(state.folder)
})

afterAll(() => {
  state.remove()
  restored.remove()
})

describe('docs/operations.md', { timeout: 240_000 }, () => {
  it('shows npm scripts, commands of the operator, wrangler, rclone and the shell alone', () => {
    const known = /^(npm run (deploy|admin) -- |npx wrangler |rclone |cp |export )/
    expect(shown.filter((command) => !known.test(command))).toEqual([])
    expect(shown.length).toBeGreaterThan(20)
    const admin = shown.flatMap((command) => /^npm run admin -- (\S+)/.exec(command)?.[1] ?? [])
    expect(admin.filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([])
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
    expect(scripts).toMatchObject({ deploy: expect.any(String), admin: expect.any(String) })
  })

  it('shows commands and options of wrangler that exist', () => {
    const wrangler = shown.flatMap((command) => /^npx wrangler (.*)$/.exec(command)?.[1] ?? [])
    const groups = Map.groupBy(wrangler, (rest) => /^[a-z0-9 -]*?(?= ticketing| APP| DB| --|$)/.exec(rest)?.[0] ?? rest)
    expect([...groups.keys()].length).toBeGreaterThan(6)
    for (const [name, uses] of groups) {
      const help = runWrangler([...name.split(' '), '--help'])
      expect(help.split('\n')[0], name).toMatch(new RegExp(`^wrangler ${name}`))
      for (const [option] of uses.join(' ').matchAll(/--[a-z-]+/g)) expect(help, `${name} ${option}`).toContain(option)
    }
  })

  it('shows what a dry run and a backup do', async () => {
    const [dryRun = '', backup = ''] = runnable
    expect(await run(dryRun)).toMatchObject({ code: 0, out: expect.stringContaining('Would run') })
    expect(await run(backup)).toMatchObject({ code: 0, out: expect.stringContaining('all.backup: ') })
  })

  it('shows how a backup is restored, and what comes after', async () => {
    const [, , restore = '', after = '', ...others] = runnable
    expect(others).toEqual([])
    const { code, out, err } = await run(restore)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('is restored.')
    expect(out).toContain('1 attachments, 0 of them without their object; 0 objects that nothing knows.')
    expect(await run(after)).toMatchObject({ code: 0, out: expect.stringContaining('All tokens are dead') })
  })
})
