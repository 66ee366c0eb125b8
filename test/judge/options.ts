import { parseArgs } from 'node:util'

export interface Options {
  /** A part of the names of the mutations that are wanted; null for all. */
  only: string | null
  isList: boolean
  /** One of several equal parts of the list. */
  slice: { at: number; of: number } | null
}

/** The options of a command line. Throws for one that is not known. */
export function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: { only: { type: 'string' }, list: { type: 'boolean' }, slice: { type: 'string' } },
  })
  const [, at, of] = /^(\d+)\/(\d+)$/.exec(values.slice ?? '') ?? []
  if (values.slice !== undefined && !at) throw new Error('--slice must be such as 1/4')
  return {
    only: values.only ?? null,
    isList: values.list ?? false,
    slice: at && of ? { at: Number(at), of: Number(of) } : null,
  }
}
