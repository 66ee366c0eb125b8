import { COMMANDS } from './admin/commands.ts'
import { openDatabase } from './admin/database.ts'
import { parseOptions } from './lib/options.ts'

const HELP = 'npm run admin -- --help'

/** `npm run admin -- COMMAND …`: commands for operators. */
async function main(): Promise<void> {
  const config = {
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      remote: { type: 'boolean' },
      env: { type: 'string' },
      gap: { type: 'string' },
      list: { type: 'string' },
      'revoke-keys': { type: 'boolean' },
      repair: { type: 'boolean' },
      slug: { type: 'string' },
      'admin-name': { type: 'string' },
    },
  } as const
  const { values, positionals } = parseOptions(config, HELP)
  const [name, ...args] = positionals
  if (values.help || name === undefined) return console.log(help())
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new Error(`There is no command ${name}. See: ${HELP}`)
  if (args.length !== command.argumentNames.length) throw new Error(`Usage: npm run admin -- ${command.usage}`)
  console.log(await command.run(openDatabase(environmentOf(values)), args, values))
}

/** There is no default environment, so that a command for staging cannot reach production, or the reverse. */
function environmentOf({ remote = false, env }: { remote?: boolean; env?: string }): string | null {
  if (remote && !env) throw new Error('Which one? Add --env staging or --env production.')
  if (!remote && env) throw new Error('--env goes with --remote.')
  return env ?? null
}

function help(): string {
  const commands = Object.values(COMMANDS)
  const width = Math.max(...commands.map(({ usage }) => usage.length))
  return [
    'Usage: npm run admin -- COMMAND [--remote --env staging|production]',
    '',
    ...commands.map(({ usage, description }) => `  ${usage.padEnd(width)}  ${description}`),
    '',
    'Works on the local database; with --remote on the deployed one. What it changes holds within 60 seconds.',
  ].join('\n')
}

await main().catch((error) => {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
})
