import { type ParseArgsConfig, parseArgs } from 'node:util'

/** Throws a one-line error for unknown options, with the command that lists the known ones. */
export function parseOptions<T extends ParseArgsConfig>(config: T, help: string): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))) throw error
    const [what] = error.message.split(/\.\s/)
    throw new Error(`${what?.replace(/\.$/, '')}. See: ${help}`)
  }
}
