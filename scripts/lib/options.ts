import { type ParseArgsConfig, parseArgs } from 'node:util'

/**
 * The options and arguments of a command, as Node's `parseArgs` gives them. Throws one line for those that there are not,
 * with the command that tells which there are.
 */
export function parseOptions<T extends ParseArgsConfig>(config: T, help: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error
    const [what] = error.message.split(/\.\s/)
    throw new Error(`${what?.replace(/\.$/, '')}. See: ${help}`)
  }
}
