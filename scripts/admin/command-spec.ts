import type { CommandSpec } from '../lib/command-line.ts'
import type { Options } from './command-options.ts'
import type { Database } from './database.ts'

export interface Command {
  /** Names of positional arguments, as shown in the usage; all are required. */
  argumentNames: string[]
  description: string
  /** Further paragraphs of the help. */
  details?: string
  options?: NonNullable<CommandSpec['options']>
  /** The arguments of an example. */
  example: string
  run(db: Database, args: string[], options: Options): Promise<string>
}

const DATABASE_OPTIONS = {
  remote: { type: 'boolean', about: 'use the deployed database; needs --env' },
  env: { type: 'string', value: 'NAME', about: 'environment in wrangler.toml: staging or production' },
} as const

export function optionsOf({ options = {} }: Command): NonNullable<CommandSpec['options']> {
  return { ...options, ...DATABASE_OPTIONS }
}

export function specOf(name: string, command: Command): CommandSpec {
  const own = Object.entries(command.options ?? {}).map(([option, { type, value }]) =>
    type === 'string' ? `[--${option} ${value}]` : `[--${option}]`,
  )
  return {
    name: `npm run admin -- ${name}`,
    usage: [...command.argumentNames, ...own].join(' '),
    about: [sentence(command.description), ...(command.details === undefined ? [] : [command.details])].join('\n\n'),
    options: optionsOf(command),
    allowPositionals: true,
    examples: [`npm run admin -- ${[name, command.example].filter(Boolean).join(' ')}`],
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}
