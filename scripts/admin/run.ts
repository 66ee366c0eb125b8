import { parseArgs } from 'node:util'
import { aligned, asksForHelp, type CommandSpec, formatHelp, helpCommand, parseCommand } from '../lib/command-line.ts'
import { nearest } from '../lib/nearest.ts'
import type { Options } from './command-options.ts'
import { optionsOf, specOf } from './command-spec.ts'
import { COMMANDS } from './commands.ts'
import { openDatabase } from './database.ts'

const OVERVIEW = {
  name: 'npm run admin',
  options: Object.assign({}, ...Object.values(COMMANDS).map(optionsOf)),
} satisfies Partial<CommandSpec>

/** Returns what `npm run admin -- COMMAND …` prints. Throws the message of an error. */
export async function runCommand(args: string[]): Promise<string> {
  const position = positionOfCommand(args)
  const name = position === undefined ? undefined : args[position]
  if (name === undefined) return showOverview(args)
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new Error(unknownCommand(name))
  const spec = specOf(name, command)
  const parsed = parseCommand(spec, args.toSpliced(position ?? 0, 1))
  if (parsed === null) return formatHelp(spec)
  const { values, positionals } = parsed
  if (positionals.length !== command.argumentNames.length)
    throw new Error(`Usage: ${[spec.name, spec.usage].filter(Boolean).join(' ')}`)
  return command.run(openDatabase(environmentOf(values)), positionals, values)
}

/** The first argument that is neither an option nor its value. */
function positionOfCommand(args: string[]): number | undefined {
  const { tokens } = parseArgs({ args, options: OVERVIEW.options, allowPositionals: true, strict: false, tokens: true })
  return tokens.find(({ kind }) => kind === 'positional')?.index
}

function showOverview(args: string[]): string {
  if (args.length > 0 && !asksForHelp(args)) parseCommand({ ...OVERVIEW, about: '', examples: [] }, args)
  return overview()
}

function unknownCommand(name: string): string {
  const meant = nearest(name, Object.keys(COMMANDS))
  return `There is no command ${name}. ${meant === null ? '' : `Did you mean ${meant}? `}See: ${helpCommand(OVERVIEW)}`
}

/** There is no default environment, so that a command for staging cannot reach production, or the reverse. */
function environmentOf({ remote, env }: Options): string | null {
  if (remote && !env) throw new Error('Which one? Add --env staging or --env production.')
  if (!remote && env) throw new Error('--env goes with --remote.')
  return typeof env === 'string' ? env : null
}

function overview(): string {
  const commands = Object.entries(COMMANDS).map(([name, command]) => {
    const { usage } = specOf(name, command)
    return [[name, usage].filter(Boolean).join(' '), command.description]
  })
  return [
    'Usage: npm run admin -- COMMAND [--remote --env staging|production]',
    '',
    'Runs a command on the local database; with --remote on the deployed one. Changes take effect within 60 seconds.',
    '',
    'Commands:',
    ...aligned(commands),
    '',
    'Options and an example of a command: npm run admin -- COMMAND --help',
    '',
    'Example:',
    '  npm run admin -- list-accounts',
  ].join('\n')
}
