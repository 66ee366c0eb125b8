import { parseArgs } from 'node:util'

const KINDS = ['conditions', 'guards', 'list'] as const
type Kind = (typeof KINDS)[number]

export interface Options {
  /** A part of the names of the mutations that are wanted; null for all. */
  only: string | null
  isList: boolean
  /** Which of the three kinds of mutations; null for all. */
  kind: Kind | null
  /** One of several equal parts of the list. */
  slice: { at: number; of: number } | null
  /** How many mutations of the list are judged at once. */
  jobs: number
  /** A file of what an earlier run has said: what it found to be noticed is passed over. */
  resume: string | null
}

/** The options of a command line. Throws for one that is not known. */
export function optionsOf(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      list: { type: 'boolean' },
      kind: { type: 'string' },
      slice: { type: 'string' },
      resume: { type: 'string' },
      jobs: { type: 'string', default: '2' },
    },
  })
  const kind = KINDS.find((each) => each === values.kind) ?? null
  if (values.kind !== undefined && kind === null) throw new Error(`--kind must be one of: ${KINDS.join(', ')}`)
  const [, at, of] = /^(\d+)\/(\d+)$/.exec(values.slice ?? '') ?? []
  if (values.slice !== undefined && !at) throw new Error('--slice must be such as 1/4')
  if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error('--jobs must be a number of 1 or more')
  return {
    jobs: Number(values.jobs),
    resume: values.resume ?? null,
    only: values.only ?? null,
    isList: values.list ?? false,
    kind,
    slice: at && of ? { at: Number(at), of: Number(of) } : null,
  }
}
