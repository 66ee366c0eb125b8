import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from '../../scripts/admin/commands.ts'
import { ROOT } from '../../scripts/lib/local-state.ts'
import { guideBlocks } from '../helpers/node/guides.ts'
import { BLOCKS } from '../helpers/node/operations.ts'

/**
 * Every command that docs/operations.md shows exists, and every command of wrangler that a guide shows without being run.
 * The tests of each command run it.
 */

function commandsIn(script: string): string[] {
  const lines = script.split(/\n|&&/).map((line) => line.trim())
  return lines
    .filter(Boolean)
    .map((line) => line.replace(/^[^"]*\| |^printf .*\| /, '').replace(/^(\w+="?\$\w+"? )+/, ''))
}

const shown = BLOCKS.flatMap(({ script }) => commandsIn(script))
const inGuides = guideBlocks.flatMap(({ code, exempt }) => (exempt === null ? [] : commandsIn(code)))
const run = promisify(execFile)

async function helpOf(command: string): Promise<string> {
  const wrangler = `${ROOT}node_modules/wrangler/bin/wrangler.js`
  return (await run(process.execPath, [wrangler, ...command.split(' '), '--help'], { cwd: ROOT })).stdout
}

describe('docs/operations.md', () => {
  it('shows npm scripts, commands of the operator, wrangler, rclone and the shell alone', () => {
    const known = /^(npm run (deploy|admin) -- |npx wrangler |rclone |cp |export )/
    expect(shown.filter((command) => !known.test(command))).toEqual([])
    expect(shown.length).toBeGreaterThan(20)
    const admin = shown.flatMap((command) => /^npm run admin -- (\S+)/.exec(command)?.[1] ?? [])
    expect(admin.filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([])
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
    expect(scripts).toMatchObject({ deploy: expect.any(String), admin: expect.any(String) })
  })

  it('has four blocks that are run, by the tests of deployments and of backups', () => {
    const first = BLOCKS.filter(({ runs }) => runs).map(({ script }) => script.split('\n')[0])
    expect(first).toEqual([
      'npm run deploy -- --env production --dry-run',
      'npm run admin -- backup "$BACKUP"',
      'export TICKETING_STATE="$INTO"',
      'npm run admin -- after-restore "$SINCE"',
    ])
  })

  it('shows commands and options of wrangler that exist', { timeout: 240_000 }, async () => {
    const wrangler = [...shown, ...inGuides].flatMap((command) => /^npx wrangler (.*)$/.exec(command)?.[1] ?? [])
    const uses = Map.groupBy(wrangler, (rest) => /^[a-z0-9 -]*?(?= ticketing| APP| DB| --|$)/.exec(rest)?.[0] ?? rest)
    expect(uses.size).toBeGreaterThan(6)
    const helps = await Promise.all([...uses].map(async ([name, used]) => ({ name, used, help: await helpOf(name) })))
    for (const { name, used, help } of helps) {
      expect(help.split('\n')[0], name).toMatch(new RegExp(`^wrangler ${name}`))
      for (const [option] of used.join(' ').matchAll(/--[a-z-]+/g)) expect(help, `${name} ${option}`).toContain(option)
    }
  })
})
