import { existsSync } from 'node:fs'
import { parseOptions } from '../../scripts/lib/options.ts'

const KINDS = ['conditions', 'guards', 'list'] as const
type Kind = (typeof KINDS)[number]

export const HELP = `Usage: npm run test:mutation -- [--list] [--only WORDS] [--kind conditions|guards|list] [--slice 1/4] [--jobs 2] [--resume FILE]

Changes one place of the source after the other, in a copy, and expects the tests named for it to fail.
  --list    prints the mutations
  --only    runs those whose names contain the words
  --kind    runs one kind: the conditions on accounts in SQL, the guards of routes, or the list in quality/mutation/list
  --slice   runs one of several equal parts of the list
  --jobs    how many mutations of the list run concurrently, 1 to 99
  --resume  the output of an earlier run: mutations it reported as killed are skipped`

export interface Options {
  /** A part of the names of the mutations to run; null for all. */
  only: string | null
  isList: boolean
  isHelp: boolean
  /** Null for all three. */
  kind: Kind | null
  slice: { at: number; of: number } | null
  jobs: number
  /** The file with the output of an earlier run. */
  resume: string | null
}

/** The options of a command line. Throws an error of one line if they are not valid. */
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
  const { values } = parseOptions(config, 'npm run test:mutation -- --help')
  const kind = KINDS.find((each) => each === values.kind) ?? null
  if (values.kind !== undefined && kind === null) throw new Error(`--kind must be one of: ${KINDS.join(', ')}`)
  if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error('--jobs must be a number from 1 to 99')
  if (values.resume !== undefined && !existsSync(values.resume)) throw new Error(`File ${values.resume} does not exist`)
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
  if (at === undefined || of === undefined || at < 1 || at > of) throw new Error('--slice must have the form 1/4')
  return { at, of }
}
