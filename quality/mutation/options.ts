import { existsSync } from 'node:fs'
import { type CommandSpec, formatHelp, parseCommand } from '../../scripts/lib/command-line.ts'

const KINDS = ['conditions', 'guards', 'list'] as const
type Kind = (typeof KINDS)[number]

const SPEC = {
  name: 'npm run test:mutation',
  about: `Removes one check of the source after another, in a copy. The tests named for it must fail.`,
  options: {
    list: { type: 'boolean', about: 'print the mutations' },
    only: { type: 'string', value: 'TEXT', about: 'run those whose names contain the text' },
    kind: {
      type: 'string',
      value: 'KIND',
      about: 'conditions (on accounts, in SQL), guards (of routes), or list (quality/mutation/list)',
    },
    slice: { type: 'string', value: '1/4', about: 'run one of several equal parts; needs --kind list' },
    jobs: {
      type: 'string',
      value: 'N',
      default: '2',
      about: 'number of mutations of the list that run concurrently, 1 to 99',
    },
    resume: {
      type: 'string',
      value: 'FILE',
      about: 'the output of an earlier run: skip mutations it reported as killed',
    },
  },
  examples: ["npm run test:mutation -- --only 'If-Match'", 'npm run test:mutation -- --kind list --slice 1/4'],
} satisfies CommandSpec

export const HELP = formatHelp(SPEC)

export interface Options {
  /** A part of the names of the mutations to run; null for all. */
  only: string | null
  isList: boolean
  /** Null for all three. */
  kind: Kind | null
  slice: { at: number; of: number } | null
  jobs: number
  /** The file with the output of an earlier run. */
  resume: string | null
}

/** The options of a command line; null for `--help`. Throws an error of one line if they are not valid. */
export function optionsOf(args: string[]): Options | null {
  const parsed = parseCommand(SPEC, args)
  if (parsed === null) return null
  const { values } = parsed
  const kind = KINDS.find((each) => each === values.kind) ?? null
  if (values.kind !== undefined && kind === null) throw new Error(`--kind must be one of: ${KINDS.join(', ')}`)
  if (!/^[1-9]\d?$/.test(values.jobs)) throw new Error('--jobs must be a number from 1 to 99')
  if (values.resume !== undefined && !existsSync(values.resume)) throw new Error(`File ${values.resume} does not exist`)
  return {
    jobs: Number(values.jobs),
    resume: values.resume ?? null,
    only: values.only ?? null,
    isList: values.list ?? false,
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
