import { parseArgs } from 'node:util'
import { nearest } from './nearest.ts'

interface OptionSpec {
  type: 'string' | 'boolean'
  /** What the option does, without a capital and a full stop. */
  about: string
  /** The name of the value in the help: `FILE`. */
  value?: string
  default?: string
  multiple?: boolean
  short?: string
}

export interface CommandSpec<Options extends Record<string, OptionSpec> = Record<string, OptionSpec>> {
  /** As typed, without arguments: `npm run deploy`. */
  name: string
  /** Arguments and required options, as shown in the usage: `SLUG standard|premium`. */
  usage?: string
  about: string
  options?: Options
  allowPositionals?: boolean
  /** The program that gets the arguments after `--`. */
  passesTo?: string
  examples: readonly string[]
}

type Config<Options extends Record<string, OptionSpec>> = { options: Options; allowPositionals: true; args: string[] }

export type ParsedCommand<Options extends Record<string, OptionSpec>> = ReturnType<
  typeof parseArgs<Config<Options>>
> & {
  /** The arguments before `--`, as given. */
  own: string[]
  /** The arguments after `--`. */
  rest: string[]
}

/** The arguments of the process. Prints the help and exits for `--help`; exits with one line for an invalid argument. */
export function commandLine<const Options extends Record<string, OptionSpec>>(
  spec: CommandSpec<Options>,
): ParsedCommand<Options> {
  return exitOnError(() => {
    const parsed = parseCommand(spec, process.argv.slice(2))
    if (parsed !== null) return parsed
    console.info(formatHelp(spec))
    return process.exit(0)
  })
}

function exitOnError<T>(run: () => T): T {
  try {
    return run()
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    return process.exit(1)
  }
}

/** Null for `--help`. Throws a one-line error for an invalid argument. */
export function parseCommand<const Options extends Record<string, OptionSpec>>(
  spec: CommandSpec<Options>,
  args: readonly string[],
): ParsedCommand<Options> | null {
  const { own, rest } = splitAtTerminator(args)
  if (asksForHelp(args)) return null
  if (rest.length > 0 && spec.passesTo === undefined) throw invalid(spec, `Unexpected argument '${rest[0]}'`)
  const options = spec.options ?? ({} as Options)
  const parsed = explainErrors(spec, () => parseArgs({ args: own, options, allowPositionals: true }))
  const [unexpected] = parsed.positionals
  if (unexpected !== undefined && !spec.allowPositionals) throw invalid(spec, `Unexpected argument '${unexpected}'`)
  return { ...parsed, own, rest }
}

export function asksForHelp(args: readonly string[]): boolean {
  return splitAtTerminator(args).own.some((arg) => arg === '--help' || arg === '-h')
}

function splitAtTerminator(args: readonly string[]): { own: string[]; rest: string[] } {
  const end = args.indexOf('--')
  return end < 0 ? { own: [...args], rest: [] } : { own: args.slice(0, end), rest: args.slice(end + 1) }
}

function explainErrors<T>(spec: CommandSpec, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error
    const [problem = ''] = error.message.split(/\.(?:\s|$)|\n/)
    const [, unknown] = /^Unknown option '-+(.+)'$/.exec(problem) ?? []
    const meant = unknown === undefined ? null : nearest(unknown, [...Object.keys(spec.options ?? {}), 'help'])
    throw invalid(spec, meant === null ? problem : `${problem}. Did you mean --${meant}?`)
  }
}

function invalid(spec: CommandSpec, problem: string): Error {
  return new Error(`${problem}${problem.endsWith('?') ? '' : '.'} See: ${helpCommand(spec)}`)
}

/** npm passes on what follows `--`. */
export function helpCommand({ name }: Pick<CommandSpec, 'name'>): string {
  return name.includes(' -- ') ? `${name} --help` : `${name} -- --help`
}

export function formatHelp(spec: CommandSpec): string {
  const options = Object.entries(spec.options ?? {}).map(([name, option]) => [titleOf(name, option), aboutOf(option)])
  return [
    `Usage: ${usageOf(spec)}`,
    '',
    spec.about,
    '',
    'Options:',
    ...aligned([...options, ['-h, --help', 'show this help']]),
    ...(spec.passesTo === undefined ? [] : ['', `Arguments after a further -- go to ${spec.passesTo}.`]),
    '',
    spec.examples.length > 1 ? 'Examples:' : 'Example:',
    ...spec.examples.map((example) => `  ${example}`),
  ].join('\n')
}

export function usageOf({ name, usage, options = {}, passesTo }: CommandSpec): string {
  const passed = passesTo === undefined ? [] : ['[-- ARGUMENTS]']
  const unmentioned = Object.keys(options).filter((option) => !usage?.includes(`--${option}`))
  const parts = [...(usage === undefined ? [] : [usage]), ...(unmentioned.length > 0 ? ['[options]'] : []), ...passed]
  return parts.length === 0 ? name : [name, ...(name.includes(' -- ') ? [] : ['--']), ...parts].join(' ')
}

export function aligned(rows: string[][]): string[] {
  const width = Math.max(...rows.map(([first = '']) => first.length))
  return rows.map(([first = '', ...others]) => `  ${first.padEnd(width)}  ${others.join('  ')}`)
}

function titleOf(name: string, { type, value, short }: OptionSpec): string {
  return `${short === undefined ? '' : `-${short}, `}--${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`
}

function aboutOf({ about, default: preset, multiple }: OptionSpec): string {
  const notes = [...(multiple ? ['repeatable'] : []), ...(preset === undefined ? [] : [`default ${preset}`])]
  return notes.length === 0 ? about : `${about} (${notes.join(', ')})`
}
