import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { experimental_getWranglerCommands } from 'wrangler'
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
interface WranglerOption {
  describe?: string
  hidden?: boolean
  deprecated?: boolean
  alias?: string | readonly string[]
}

const { registry, globalFlags } = experimental_getWranglerCommands()

/** The options in the help of a command, such as `--remote`; null if there is no such command. */
function optionsOf(command: string): string[] | null {
  let node: typeof registry | undefined = registry
  for (const word of command.split(' ')) node = node?.subtree.get(word)
  const { definition } = node ?? {}
  if (definition?.type !== 'command') return null
  const options: Record<string, WranglerOption> = { ...globalFlags, ...definition.args }
  return Object.entries(options)
    .filter(([, { hidden, deprecated }]) => !hidden && !deprecated)
    .flatMap(([name, { alias = [] }]) => [name, alias].flat().map((one) => `--${one}`))
}

describe('docs/operations.md', () => {
  it('contains only npm scripts, operator commands, wrangler, rclone and the shell', () => {
    const known = /^(npm run (deploy|admin) -- |npx wrangler |rclone |cp |export )/
    expect(shown.filter((command) => !known.test(command))).toEqual([])
    expect(shown.length).toBeGreaterThan(20)
    const admin = shown.flatMap((command) => /^npm run admin -- (\S+)/.exec(command)?.[1] ?? [])
    expect(admin.filter((name) => !Object.hasOwn(COMMANDS, name))).toEqual([])
    const { scripts } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'))
    expect(scripts).toMatchObject({ deploy: expect.any(String), admin: expect.any(String) })
  })

  it('has four blocks that the tests of deployments and backups run', () => {
    const first = BLOCKS.filter(({ runs }) => runs).map(({ script }) => script.split('\n')[0])
    expect(first).toEqual([
      'npm run deploy -- --env production --dry-run',
      'npm run admin -- backup "$BACKUP"',
      'export TICKETING_STATE="$INTO"',
      'npm run admin -- after-restore "$SINCE"',
    ])
  })

  it('contains only commands and options of wrangler that exist', () => {
    const wrangler = [...shown, ...inGuides].flatMap((command) => /^npx wrangler (.*)$/.exec(command)?.[1] ?? [])
    const uses = Map.groupBy(wrangler, (rest) => /^[a-z0-9 -]*?(?= ticketing| APP| DB| --|$)/.exec(rest)?.[0] ?? rest)
    expect(uses.size).toBeGreaterThan(6)
    for (const [name, used] of uses) {
      const options = optionsOf(name)
      expect(options, `wrangler ${name}`).not.toBeNull()
      for (const [option] of used.join(' ').matchAll(/--[a-z-]+/g))
        expect(options, `${name} ${option}`).toContain(option)
    }
  })
})
