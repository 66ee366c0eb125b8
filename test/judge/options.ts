import { existsSync } from 'node:fs'
import { parseOptions } from '../../scripts/lib/options.ts'

const KINDS = ['conditions', 'guards', 'list'] as const
type Kind = (typeof KINDS)[number]

export const HELP = `Usage: npm run test:judge -- [--list] [--only WORDS] [--kind conditions|guards|list] [--slice 1/4] [--jobs 2] [--resume FILE]

Takes one check of the source away after the other, in a copy, and expects the tests that are named for it to fail.
  --list    names what would be taken away
  --only    those whose names hold the words
  --kind    the conditions on accounts in SQL, the guards of routes, or the list in test/judge/mutations
  --slice   one of several equal parts of the list, which alone can be parted
  --jobs    how many of the list are judged at once, 1 to 99
  --resume  what an earlier run has printed: what was noticed then is passed over`

export interface Options {
  /** A part of the names of the mutations that are wanted; null for all. */
  only: string | null
  isList: boolean
  isHelp: boolean
  /** Which of the three kinds of mutations; null for all. */
  kind: Kind | null
  /** One of several equal parts of the list. */
  slice: { at: number; of: number } | null
  /** How many mutations of the list are judged at once. */
  jobs: number
  /** A file of what an earlier run has said: what it found to be noticed is passed over. */
  resume: string | null
}

/** The options of a command line. Throws one line for those that are wrong. */
export function optionsOf(args: string[]): Options {
  const config = {
    args,
    options: {
      only: { type: 'string' },
      list: { type: 'boolean' },
      kind: { type: 'string' },
      slice: { type: 'string' },
      resume: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      help: { type: 'boolean', short: 'h' },
    },
  } as const
  const { values } = parseOptions(config, 'npm run test:judge -- --help')
  const kind = KINDS.find((each) => each === values.kind) ?? null
  if (values.kind !== undefined && kind === null) throw new Error(`--kind must be one of: ${KINDS.join(', ')}`)
  if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error('--jobs must be a number from 1 to 99')
  if (values.resume !== undefined && !existsSync(values.resume)) throw new Error(`There is no file ${values.resume}`)
  return {
    jobs: Number(values.jobs),
    resume: values.resume ?? null,
    only: values.only ?? null,
    isList: values.list ?? false,
    isHelp: values.help ?? false,
    kind,
    slice: values.slice === undefined ? null : sliceOf(values.slice, kind),
  }
}

function sliceOf(text: string, kind: Kind | null): Options['slice'] {
  if (kind !== 'list') throw new Error('--slice needs --kind list')
  const [, at, of] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number)
  if (at === undefined || of === undefined || at < 1 || at > of) throw new Error('--slice must be such as 1/4')
  return { at, of }
}
