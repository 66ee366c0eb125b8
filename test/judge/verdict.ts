import type { Mutation } from './mutation.ts'

/** What became of a mutation. */
export interface Verdict {
  name: string
  /**
   * What the tests said; `stale` where the mutation no longer fits the source, `broken` where nothing could be run, or
   * fails without the mutation too.
   */
  said: 'noticed' | 'unnoticed' | 'redundant' | 'stale' | 'broken'
  more: string
}

const LONGEST_PART = 160

/** The name under which a mutation is told of. */
export const nameOf = ({ file, text, becomes, also = [], run, noticed }: Mutation): string => {
  const changes = [[text, becomes] as const, ...also]
  return `${file}: ${run ? `${run}: ${noticed}` : changes.map((change) => firstDifference(...change)).join(', and ')}`
}

/** The first line of a text, cut. */
export function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n')
  return line === '' ? 'nothing' : line.length > 800 ? `${line.slice(0, 800)}…` : line
}

/** Two texts from a little before the place where they part. */
function firstDifference(text: string, becomes: string): string {
  let at = 0
  while (at < text.length && text[at] === becomes[at]) at += 1
  const from = becomes === '' ? 0 : Math.max(0, at - 30)
  return `${oneLine(text.slice(from))} → ${oneLine(becomes.slice(from))}`
}

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, ' ')
  return line === '' ? 'nothing' : line.length > LONGEST_PART ? `${line.slice(0, LONGEST_PART)}…` : line
}

/** Writes a verdict as a line. */
export function tell(verdict: Verdict): void {
  process.stdout.write(`${verdict.said.padEnd(10)} ${verdict.name}${verdict.more ? `  (${verdict.more})` : ''}\n`)
}
